"""Templates in the browser: edited, previewed, compared, and sent to sites by mouse and by keyboard."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass

import pytest
import sqlalchemy as sa
from playwright.sync_api import Dialog, Page, Route, expect

from control_ui.models import Deployment, DeploymentDevice, Device, GroupMember, TemplateVersion, Tenant
from control_ui.models.people import Role
from control_ui.models.scope import ALL_TENANTS, open_session
from tests.browser.conftest import OpenPage, accessibility
from tests.browser.plane import Plane
from tests.control_ui import factories

BODY = {"rtsp_url": "{{ camera.url }}", "snapshot_interval_seconds": 12, "jpeg_quality": 85}
SITES = 5


@dataclass(frozen=True)
class Own:
    """A template and a group that only one test uses."""

    template_id: int
    template: str
    group_id: int
    group: str


@pytest.fixture
def own(plane: Plane) -> Own:
    """Its sites are in no deployment of the past."""
    marker = secrets.token_hex(3)
    with open_session(plane.sessions, ALL_TENANTS) as session:
        tenant = session.get_one(Tenant, plane.seeded.tenant_id)
        version = factories.template(session, tenant, BODY, name=f"Trial {marker}")
        session.add(
            TemplateVersion(
                tenant_id=tenant.id, template=version.template, number=2, body={**BODY, "jpeg_quality": 60},
                overlays={}, content_sha256=secrets.token_hex(32), created_at=version.created_at, note="Smaller",
            )
        )  # fmt: skip
        version.template.latest_number = 2
        group = factories.group(session, tenant, name=f"Trial {marker}")
        ids = plane.seeded.device_ids[400 : 400 + SITES]
        session.add_all(GroupMember(tenant_id=tenant.id, group_id=group.id, device_id=one) for one in ids)
        session.commit()
        return Own(version.template_id, version.template.name, group.id, group.name)


def deployed(plane: Plane, own: Own) -> tuple[Deployment, int]:
    """The only deployment of this template, and on how many sites it is."""
    with open_session(plane.sessions, ALL_TENANTS) as session:
        of_template = sa.select(TemplateVersion.id).where(TemplateVersion.template_id == own.template_id)
        query = sa.select(Deployment).where(Deployment.template_version_id.in_(of_template))
        made = session.scalars(query).one()
        rows = sa.select(sa.func.count(DeploymentDevice.id)).where(DeploymentDevice.deployment_id == made.id)
        return made, session.scalars(rows).one()


def stand_in(page: Page) -> None:
    """For the page of a deployment, which is somebody else's."""

    def answer(route: Route) -> None:
        route.fulfill(body="<!doctype html><title>A deployment</title>", content_type="text/html")

    page.route(re.compile(r"/deployments/\d+$"), answer)


def test_a_version_is_dragged_onto_a_group_and_deployed_there(plane: Plane, own: Own, open_page: OpenPage) -> None:
    page = open_page(f"/configuration/templates/{own.template_id}")
    stand_in(page)
    page.drag_and_drop("[data-version='2']", f"[data-to='group:{own.group_id}']")
    dialog = page.locator("dialog[open]")
    expect(dialog.locator("h1")).to_have_text(f"Deploy {own.template}")
    expect(dialog.locator("#d-version")).to_have_value("2")
    expect(dialog.locator("#d-to")).to_have_value(f"group:{own.group_id}")
    expect(dialog.locator("#rehearsal")).to_contain_text(f"{SITES} sites")
    expect(dialog.locator("#rehearsal")).to_contain_text("in 2 waves: 1, 4")
    assert accessibility(page) == []
    dialog.locator("#d-waves").fill("2, 100%")
    dialog.locator("#d-reason").fill("smaller pictures")
    expect(dialog.locator("#rehearsal")).to_contain_text("in 2 waves: 2, 3")
    dialog.get_by_role("button", name=f"Deploy to {SITES} sites").click()
    page.wait_for_url(re.compile(r"/deployments/\d+$"))
    made, count = deployed(plane, own)
    assert page.url.endswith(f"/deployments/{made.id}")
    assert (count, made.parameters["waves"], made.reason) == (SITES, ["2", "100%"], "smaller pictures")


def test_the_same_by_keyboard(plane: Plane, own: Own, open_page: OpenPage) -> None:
    page = open_page(f"/configuration/templates/{own.template_id}")
    stand_in(page)
    page.get_by_role("link", name=f"Deploy to…: {own.template}, version 1").focus()
    page.keyboard.press("Enter")
    target = page.locator("dialog[open] #d-to")
    expect(target).to_be_focused()
    page.keyboard.type(own.group)
    expect(target).to_have_value(f"group:{own.group_id}")
    page.keyboard.press("Tab")
    button = page.get_by_role("button", name=f"Deploy to {SITES} sites")
    expect(button).to_be_enabled()
    button.focus()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/deployments/\d+$"))
    assert deployed(plane, own)[1] == SITES


def test_a_target_asks_for_the_version_and_two_versions_are_tried_against_each_other(
    plane: Plane, own: Own, open_page: OpenPage
) -> None:
    page = open_page("/configuration")
    stand_in(page)
    page.click(f"[data-to='group:{own.group_id}']")
    dialog = page.locator("dialog[open]")
    dialog.locator("#d-template").select_option(label=own.template)
    expect(dialog.locator("#d-version option")).to_have_count(2)
    dialog.get_by_text("A/B test").click()
    dialog.locator("#d-version").select_option("1")
    dialog.locator("#d-version_b").select_option("2")
    dialog.locator("#d-split_percent").fill("40")
    dialog.locator("#d-split_percent").press("Tab")
    expect(dialog.locator("#rehearsal")).to_contain_text("Side B: version 2")
    dialog.locator("#deploy-button").click()
    page.wait_for_url(re.compile(r"/deployments/\d+$"))
    made, _count = deployed(plane, own)
    assert (made.strategy, made.parameters["split_percent"]) == ("ab", 40)


def test_a_selection_of_sites_is_a_target_too(plane: Plane, own: Own, open_page: OpenPage) -> None:
    ids = ",".join(map(str, plane.seeded.device_ids[410:413]))
    page = open_page(f"/configuration?devices={ids}&text={own.template.replace(' ', '+')}")
    page.drag_and_drop(f"[data-template='{own.template_id}']", "[data-to^='devices:']")
    dialog = page.locator("dialog[open]")
    expect(dialog.locator("#d-to")).to_contain_text("The 3 selected sites")
    expect(dialog.locator("#deploy-button")).to_have_text("Deploy to 3 sites")
    dialog.get_by_role("link", name="Cancel").click()
    expect(page.locator("dialog[open]")).to_have_count(0)


def test_a_template_is_edited_with_faults_at_their_fields_and_json_that_goes_along(
    plane: Plane, own: Own, open_page: OpenPage
) -> None:
    page = open_page(f"/configuration/templates/{own.template_id}/edit")
    quality = page.locator("[id='base-jpeg_quality']")
    quality.fill("900")
    quality.press("Tab")
    expect(page.locator("[id='fault-base-jpeg_quality']")).to_have_text("It must be at most 100")
    expect(quality).to_have_attribute("aria-invalid", "true")
    quality.fill("70")
    quality.press("Tab")
    expect(page.locator("[id='fault-base-jpeg_quality']")).to_have_count(0)
    page.get_by_role("link", name=re.compile("^Staging")).click()
    page.locator("[id='staging-jpeg_quality']").fill("40")
    page.locator("[id='staging-jpeg_quality']").press("Tab")
    expect(page.locator("[id='state-staging-jpeg_quality']")).to_contain_text("Overrides all environments: 70")
    expect(page.locator("#badge-staging")).to_have_text("1")

    page.get_by_role("button", name="JSON").click()
    text = page.locator("#json").input_value()
    assert '"jpeg_quality": 70' in text
    page.locator("#json").fill(text.replace('"jpeg_quality": 40', '"jpeg_quality": 45'))
    page.get_by_role("button", name="Form").click()
    expect(page.locator("[id='staging-jpeg_quality']")).to_have_value("45")
    page.fill("#preview_device", plane_device_name(plane))
    page.get_by_role("button", name="Preview").click()
    expect(page.locator("#draft-preview")).to_contain_text("can run this")
    assert accessibility(page) == []
    page.fill("#note", "Sharper where it matters")
    page.get_by_role("button", name="Save as version 3").click()
    page.wait_for_url(f"**/configuration/templates/{own.template_id}")
    expect(page.locator("[role=status].notice")).to_contain_text("Version 3 of")
    with open_session(plane.sessions, ALL_TENANTS) as session:
        query = sa.select(TemplateVersion).where(TemplateVersion.template_id == own.template_id)
        newest = session.scalars(query.order_by(TemplateVersion.number.desc())).first()
        assert newest is not None
        assert (newest.body["jpeg_quality"], newest.overlays) == (70, {"staging": {"jpeg_quality": 45}})
        assert newest.note == "Sharper where it matters"


def test_who_leaves_with_something_unsaved_is_asked_first(own: Own, open_page: OpenPage) -> None:
    page = open_page(f"/configuration/templates/{own.template_id}/edit")
    asked: list[str] = []
    stay = [True]

    def answer(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss() if stay[0] else dialog.accept()

    page.on("dialog", answer)
    page.fill("#preview_device", "blue")
    page.get_by_role("link", name="Runs").click()
    page.wait_for_url("**/runs")
    assert asked == [], "looking is not editing"
    page.go_back()
    page.fill("#base-jpeg_quality", "71")
    expect(page.locator("form.editing")).to_have_class(re.compile("unsaved"))
    page.get_by_role("link", name="Runs").click(no_wait_after=True)
    expect(page.locator("#base-jpeg_quality")).to_have_value("71")
    assert asked == ["beforeunload"]
    page.fill("#note", "Sharper")
    page.get_by_role("button", name="Save as version 3").click()
    page.wait_for_url(f"**/configuration/templates/{own.template_id}")
    assert asked == ["beforeunload"], "saving is no reason to ask"


def test_an_expression_is_found_wrong_only_when_something_is_entered(own: Own, open_page: OpenPage) -> None:
    page = open_page(f"/configuration/templates/{own.template_id}/edit")
    setting = page.locator("[data-setting]", has=page.locator("#base-history_size"))
    setting.locator("[data-mode]").select_option("expression")
    field = setting.get_by_label("as an expression")
    expect(field).to_be_focused()
    page.fill("#base-jpeg_quality", "900")
    page.locator("#base-jpeg_quality").press("Tab")
    expect(page.locator("[id='fault-base-jpeg_quality']")).to_be_visible()
    field.fill("{{ device.labels.lane")
    field.press("Tab")
    expect(setting.locator(".fault")).to_be_visible()


def test_of_two_who_edit_at_once_the_second_sees_it_and_loses_nothing(own: Own, open_page: OpenPage) -> None:
    path = f"/configuration/templates/{own.template_id}/edit"
    first, second = open_page(path), open_page(path, Role.ADMIN)
    for page, setting, value in ((first, "max_width", "800"), (second, "history_size", "7")):
        page.locator(f"[id='base-{setting}']").fill(value)
        page.fill("#note", f"{setting} is new")
    first.get_by_role("button", name="Save as version 3").click()
    first.wait_for_url(f"**/configuration/templates/{own.template_id}")
    with second.expect_response(re.compile("/edit$")) as answer:
        second.get_by_role("button", name="Save as version 3").click()
    assert answer.value.status == 412
    expect(second.locator(".conflict")).to_contain_text("made version 3 (max_width is new)")
    expect(second.locator("[id='base-history_size']")).to_have_value("7")
    expect(second.locator("[id='base-max_width']")).to_have_value("800")
    assert accessibility(second) == []
    second.get_by_role("button", name="Save as version 4").click()
    second.wait_for_url(f"**/configuration/templates/{own.template_id}")


def test_versions_are_compared_side_by_side_and_unified(own: Own, open_page: OpenPage) -> None:
    page = open_page(f"/configuration/templates/{own.template_id}")
    page.get_by_role("button", name="Compare the marked two").click()
    expect(page.locator("h2.side-heading")).to_contain_text(f"{own.template}, version 1")
    expect(page.locator(".diff.two-sided")).to_contain_text('"jpeg_quality": 60')
    page.get_by_role("link", name="Unified").click()
    expect(page.locator(".diff.unified .sign.old")).to_have_text("\N{MINUS SIGN}")
    expect(page.locator(".diff.unified .sign.new")).to_have_text("+")


def test_a_viewer_may_look_and_is_refused_everything_else(own: Own, open_page: OpenPage) -> None:
    page = open_page(f"/configuration/templates/{own.template_id}", Role.VIEWER)
    expect(page.locator("[draggable]")).to_have_count(0)
    expect(page.get_by_text("Deploy to…")).to_have_count(0)
    for path in ("templates/new", f"templates/{own.template_id}/edit", "deploy"):
        assert page.request.get(f"/configuration/{path}").status == 403


def plane_device_name(plane: Plane) -> str:
    with open_session(plane.sessions, ALL_TENANTS) as session:
        return session.get_one(Device, plane.seeded.device_ids[0]).name
