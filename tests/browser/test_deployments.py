"""Deployments: watched wave by wave, held, taken back, and refused to who may not."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from playwright.sync_api import expect

from control_ui.models import Deployment, DeploymentDevice, Device, TemplateVersion, Tenant
from control_ui.models.deployments import DeploymentState, DeviceProgress, Strategy
from control_ui.models.people import Role
from control_ui.models.scope import ALL_TENANTS, open_session
from control_ui.services.deployments.parameters import Parameters
from tests.browser.conftest import OpenPage
from tests.browser.plane import Plane
from tests.control_ui import factories


@pytest.fixture
def own(plane: Plane) -> int:
    """A deployment of this test's own, to four sites that are its own: one wave has passed, the second is under way."""
    with open_session(plane.sessions, ALL_TENANTS) as session:
        seeded, now = plane.seeded, datetime.now(UTC)
        version = session.scalars(
            sa.select(TemplateVersion).where(TemplateVersion.template_id == seeded.template_id).limit(1)
        ).one()
        row = Deployment(
            tenant_id=seeded.tenant_id, template_version_id=version.id, strategy=Strategy.WAVES,
            parameters=Parameters(waves=("1", "3")).document(), target={"all": True}, state=DeploymentState.RUNNING,
            current_wave=2, wave_started_at=now, reason="a test", requested_by="somebody", requested_at=now,
            started_at=now,
        )  # fmt: skip
        session.add(row)
        session.flush()
        devices = [factories.device(session, session.get_one(Tenant, seeded.tenant_id)) for _ in range(4)]
        for place, (device, wave) in enumerate(zip(devices, (1, 2, 2, 3), strict=True)):
            new = factories.config_version(session, device, 2, shown=_shown(device, 80))
            old = factories.config_version(session, device, 1, shown=_shown(device, 70))
            device.state.config_version = 2 if place == 0 else 1
            device.state.desired_config_id = new.id if wave < 3 else old.id
            session.add(
                DeploymentDevice(
                    tenant_id=row.tenant_id, deployment_id=row.id, device_id=device.id, wave=wave,
                    progress=(DeviceProgress.APPLIED, DeviceProgress.DELIVERING, DeviceProgress.PENDING)[wave - 1],
                    config_version_id=new.id, previous_config_version_id=old.id, wanted_before_id=old.id,
                    offered_at=now if wave < 3 else None, changed_at=now if wave == 1 else None,
                )
            )  # fmt: skip
        session.commit()
        return row.id


def _shown(device: Device, quality: int) -> dict[str, object]:
    return {"device_id": device.name, "rtsp_url": "rtsp://viewer:***@192.0.2.10/", "jpeg_quality": quality}


def state_of(plane: Plane, deployment_id: int) -> DeploymentState:
    with open_session(plane.sessions, ALL_TENANTS) as session:
        return session.get_one(Deployment, deployment_id).state


def test_a_wave_is_watched_with_its_evidence_and_a_device_opened(open_page: OpenPage, plane: Plane, own: int) -> None:
    page = open_page("/deployments")
    page.locator(f'a[href="/deployments/{own}"]').click()
    expect(page.locator(".waves")).to_contain_text("1 / 1 fresh picture since")
    expect(page.locator('.cells .cell[data-state="delivering"]')).to_have_count(2)
    with open_session(plane.sessions, ALL_TENANTS) as session:
        mine = sa.update(DeploymentDevice).where(DeploymentDevice.deployment_id == own, DeploymentDevice.wave == 2)
        session.execute(mine.values(progress=DeviceProgress.FAILED, detail="refused: no picture"))
        session.commit()
    expect(page.locator('.cells .cell[data-state="failed"]')).to_have_count(2)
    expect(page.locator(".waves")).to_contain_text("past the threshold")
    expect(page.locator("#deployment-findings")).to_contain_text("refused: no picture")
    page.locator('.cells .cell[data-state="failed"]').first.click()
    dialog = page.locator("#dialog")
    expect(dialog).to_contain_text("Refused: no picture")
    expect(dialog).to_contain_text("jpeg_quality")


def test_it_is_held_and_goes_on_by_keyboard(open_page: OpenPage, plane: Plane, own: int) -> None:
    page = open_page(f"/deployments/{own}")
    page.get_by_role("link", name="Pause").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#dialog")).to_contain_text("Of 4 sites")
    page.locator("#reason").fill("a storm")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Paused by operator@blue-wave.test: a storm")).to_be_visible()
    assert state_of(plane, own) == DeploymentState.PAUSED
    page.get_by_role("link", name="Go on").focus()
    page.keyboard.press("Enter")
    page.locator("#reason").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Pause")).to_be_visible()
    assert state_of(plane, own) == DeploymentState.RUNNING


def test_a_rollback_shows_what_it_would_do_before_it_is_confirmed(open_page: OpenPage, own: int) -> None:
    page = open_page(f"/deployments/{own}")
    page.get_by_role("link", name="Roll back").click()
    dialog = page.locator("#dialog")
    expect(dialog.locator("h1")).to_contain_text("on 3 sites?")
    expect(dialog).to_contain_text("Restore on 1 site")
    expect(dialog).to_contain_text("Withdraw on 2 sites")
    dialog.get_by_text("Keep it").click()
    expect(dialog).to_be_hidden()
    page.get_by_role("link", name="Roll back").click()
    dialog.locator("#reason").fill("blurred")
    dialog.get_by_role("button", name="Roll back 3 sites").click()
    page.wait_for_url(lambda url: not url.endswith(f"/deployments/{own}"))
    expect(page.locator("h1")).to_contain_text(f"Rollback of deployment {own}")
    expect(page.get_by_text("blurred")).to_be_visible()


def test_a_viewer_sees_everything_and_is_offered_nothing(open_page: OpenPage, plane: Plane) -> None:
    deployment_id = plane.seeded.running_deployment_id
    page = open_page(f"/deployments/{deployment_id}", Role.VIEWER)
    expect(page.locator(".cells .cell")).to_have_count(100)
    assert page.locator(".page-head .actions .button").count() == 0
    assert page.request.get(f"/deployments/{deployment_id}/rollback").status == 403
