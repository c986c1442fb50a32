"""Alerts: seen as they come, acknowledged together, silenced; at a desk and on a telephone."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime

import pytest
from playwright.sync_api import expect

from control_ui.models import Alert, Device
from control_ui.models.alerts import AlertState
from control_ui.models.people import Role
from control_ui.models.scope import ALL_TENANTS, open_session
from tests.browser.conftest import OpenPage, accessibility
from tests.browser.plane import NARROW, PATIENCE_MS, WIDE, Plane


def fire(plane: Plane, name: str, place: int) -> int:
    """Alertmanager tells of an alert at one of our sites."""
    with open_session(plane.sessions, ALL_TENANTS) as session:
        device = session.get_one(Device, plane.seeded.device_ids[place])
        now = datetime.now(UTC)
        alert = Alert(
            tenant_id=device.tenant_id, device_id=device.id, fingerprint=secrets.token_hex(8), name=name,
            severity="critical", state=AlertState.FIRING, labels={"alertname": name},
            annotations={"summary": f"{name} in words", "runbook_url": "javascript:alert(1)"},
            starts_at=now, received_at=now,
        )  # fmt: skip
        session.add(alert)
        session.commit()
        return alert.id


def test_what_begins_to_fire_comes_into_the_open_list_and_the_choice_stays(plane: Plane, open_page: OpenPage) -> None:
    fire(plane, "CameraGone", 40)
    page = open_page("/alerts?q=Gone", Role.OPERATOR)
    page.check("tr:has-text('CameraGone') input")
    fire(plane, "RouterGone", 41)
    expect(page.locator("tr", has_text="RouterGone")).to_be_visible(timeout=PATIENCE_MS)
    expect(page.locator("tr:has-text('CameraGone') input")).to_be_checked()
    expect(page.locator("[data-chosen]")).to_have_text("1 chosen")
    expect(page.locator("#alert-count")).to_be_visible()


def test_several_are_acknowledged_together_by_keyboard(plane: Plane, open_page: OpenPage) -> None:
    for place in (50, 51):
        fire(plane, "LensDirty", place)
    page = open_page("/alerts?q=LensDirty", Role.OPERATOR)
    page.locator("[data-all]").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    dialog = page.locator("dialog[open]")
    expect(dialog).to_contain_text("Acknowledge 2 alerts")
    expect(dialog).to_contain_text("at 2 sites")
    page.keyboard.type("Cleaning them today")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("main .notice")).to_have_text("2 alerts are acknowledged.")
    page.goto("/alerts?q=LensDirty&known=acknowledged")
    expect(page.locator("tbody tr")).to_have_count(2)


def test_an_alert_is_silenced_from_its_page_and_counts_no_more(plane: Plane, open_page: OpenPage) -> None:
    number = fire(plane, "PumpLoud", 60)
    page = open_page(f"/alerts/{number}", Role.OPERATOR)
    assert page.locator("a[href^='javascript']").count() == 0
    page.click("main >> text=Silence")
    expect(page.locator("#name")).to_have_value("PumpLoud")
    expect(page.locator("#silence-covers")).to_contain_text("1 firing alert now")
    page.fill("#name", "Nothing like it")
    page.keyboard.press("Tab")
    expect(page.locator("#silence-covers")).to_contain_text("0 firing alerts now")
    page.fill("#name", "PumpLoud")
    page.fill("#comment", " ")
    page.click("dialog >> text=Silence >> nth=-1")
    expect(page.locator("dialog .fault")).to_contain_text("must say why")
    page.fill("#comment", "The pump is being changed")
    page.click("dialog button.primary")
    expect(page.locator("main .notice")).to_contain_text("Silent until")
    page.goto("/alerts?q=PumpLoud&known=silenced")
    expect(page.locator("tr", has_text="PumpLoud")).to_contain_text("silenced")
    page.goto("/alerts/silences")
    page.locator("tr", has_text="PumpLoud").locator("text=Lift").click()
    expect(page.locator("dialog[open]")).to_contain_text("1 firing alert.")
    page.click("dialog button.primary")
    expect(page.locator("tr", has_text="PumpLoud")).to_contain_text("lifted")


def test_a_viewer_sees_and_changes_nothing(plane: Plane, open_page: OpenPage) -> None:
    page = open_page("/alerts", Role.VIEWER)
    expect(page.locator("tbody tr").first).to_be_visible()
    assert page.locator("main input[type=checkbox], main >> text=New silence").count() == 0
    assert page.request.get("/alerts/silences/new").status == 403


@pytest.mark.parametrize(("viewport", "scheme"), [(WIDE, "light"), (WIDE, "dark"), (NARROW, "light")])
def test_no_page_has_a_serious_barrier_or_scrolls_sideways(
    open_page: OpenPage, viewport: dict[str, int], scheme: str
) -> None:
    page = open_page("/alerts", Role.OPERATOR, viewport=viewport, color_scheme=scheme)
    paths = ("/alerts?state=all", "/alerts/1", "/alerts/incidents", "/alerts/incidents/1", "/alerts/silences",
             "/alerts/silences/new", "/alerts/acknowledge?id=1&id=2", "/alerts/healing",
             "/alerts/healing/rules/offline/1")  # fmt: skip
    for path in paths:
        page.goto(path)
        assert (path, accessibility(page)) == (path, [])
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{path} scrolls sideways"
