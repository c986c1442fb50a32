"""Runs: started, watched while the grid fills, looked into, and refused to who may not."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from playwright.sync_api import expect

from control_ui.models import Device, HostResult, Run
from control_ui.models.people import Role
from control_ui.models.runs import HostOutcome, HostProgress, RunState
from control_ui.models.scope import ALL_TENANTS, open_session
from tests.browser.conftest import OpenPage
from tests.browser.plane import Plane
from tests.control_ui import factories

NAMES = "blue-wave-401 blue-wave-402"


@pytest.fixture
def own_run(plane: Plane) -> int:
    """A run of this test's own on three sites, that goes on until the test ends it."""
    with open_session(plane.sessions, ALL_TENANTS) as session:
        devices = [session.get_one(Device, device_id) for device_id in plane.seeded.device_ids[410:413]]
        now = datetime.now(UTC)
        run = factories.run(
            session, devices, playbook="diagnose", mutating=False, state=RunState.RUNNING, requested_at=now,
            started_at=now, reason="a test",
        )  # fmt: skip
        session.commit()
        return run.id


def test_a_run_is_started_on_the_number_of_sites_that_the_button_says(open_page: OpenPage) -> None:
    page = open_page("/runs")
    page.click("text=Start a run")
    page.click("text=Restart the camera service")
    expect(page.get_by_text("No site yet")).to_be_visible()
    page.fill("#names", NAMES)
    expect(page.get_by_role("button", name="Start on 2 sites")).to_be_enabled()
    page.check("text=By labels")
    page.fill("#query", "name in (blue-wave-401,blue-wave-402,blue-wave-403)")
    expect(page.get_by_role("button", name="Start on 3 sites")).to_be_enabled()
    page.fill("#reason", "a new router")
    page.click("text=Check first, change nothing")
    page.wait_for_url(re.compile(r"/runs/\d+$"))
    expect(page.locator("h1")).to_contain_text("Restart the camera service")
    expect(page.get_by_text("check: nothing is changed")).to_be_visible()
    expect(page.locator(".cells .cell")).to_have_count(3)


def test_sites_are_found_by_a_part_of_their_name_and_join_the_list(open_page: OpenPage) -> None:
    page = open_page("/runs/new?playbook=diagnose")
    page.fill("#names", "blue-wave-401")
    find = page.get_by_role("combobox", name="Find a site")
    find.fill("NY 407")
    expect(page.locator("#site-names option")).to_have_count(1)
    expect(page.locator("#site-names option")).to_have_attribute("value", "blue-wave-407")
    expect(page.get_by_role("button", name="Start on 1 site", exact=True)).to_be_enabled()
    find.fill("blue-wave-407")
    find.press("Enter")
    expect(page.locator("#names")).to_have_value("blue-wave-401\nblue-wave-407")
    expect(find).to_have_value("")
    expect(page.get_by_role("button", name="Start on 2 sites")).to_be_enabled()


def test_the_form_is_filled_and_sent_by_keyboard_alone(open_page: OpenPage) -> None:
    page = open_page("/runs/new?playbook=diagnose")
    page.focus("#names")
    page.keyboard.type("blue-wave-404")
    expect(page.get_by_role("button", name="Start on 1 site")).to_be_enabled()
    page.focus("#reason")
    page.keyboard.type("by keyboard")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/runs/\d+$"))
    expect(page.get_by_text("by keyboard")).to_be_visible()


def test_the_grid_fills_and_stops_asking_when_the_run_has_ended(
    open_page: OpenPage, plane: Plane, own_run: int
) -> None:
    page = open_page(f"/runs/{own_run}")
    expect(page.locator('.cell[data-state="pending"]').nth(3)).to_be_visible()  # three in the grid, one as its legend
    with open_session(plane.sessions, ALL_TENANTS) as session:
        done = {"outcome": HostOutcome.FAILED, "progress": HostProgress.DONE, "message": "no route to host"}
        session.execute(sa.update(HostResult).where(HostResult.run_id == own_run).values(**done))
        session.commit()
    expect(page.locator('.cells .cell[data-state="failed"]')).to_have_count(3)
    expect(page.get_by_text("no route to host")).to_be_visible()
    with open_session(plane.sessions, ALL_TENANTS) as session:
        ended = {"state": RunState.FAILED, "finished_at": datetime.now(UTC)}
        session.execute(sa.update(Run).where(Run.id == own_run).values(**ended))
        session.commit()
    expect(page.get_by_role("link", name="Retry 3 sites")).to_be_visible()
    expect(page.locator("main [hx-trigger*=every]")).to_have_count(0)


def test_a_run_is_canceled_in_a_dialog_that_asks_first(open_page: OpenPage, own_run: int) -> None:
    page = open_page(f"/runs/{own_run}")
    page.get_by_role("link", name="Cancel").click()
    dialog = page.locator("#dialog")
    expect(dialog).to_contain_text("3 sites are not begun")
    dialog.get_by_text("Let it go on").click()
    expect(dialog).to_be_hidden()
    page.get_by_role("link", name="Cancel").focus()
    page.keyboard.press("Enter")
    dialog.locator("#reason").fill("enough")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").filter(has_text="Canceled by")).to_be_visible()


def test_hosts_are_found_narrowed_and_opened(open_page: OpenPage, plane: Plane) -> None:
    page = open_page(f"/runs/{plane.seeded.big_run_id}")
    page.locator("[data-filter=failed]").click()
    visible = page.locator(".cells li:visible")
    expect(visible).to_have_count(10)
    assert page.url.endswith("?outcome=failed")
    page.fill("[data-find]", "wave-05")
    expect(visible).to_have_count(1)
    page.locator(".cells li:visible .cell").click()
    dialog = page.locator("#dialog")
    expect(dialog.locator("h1")).to_have_text("blue-wave-058")
    expect(dialog.locator(".tasks tbody tr")).to_have_count(20)
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()


def test_the_grid_is_walked_through_by_keyboard(open_page: OpenPage, plane: Plane) -> None:
    page = open_page(f"/runs/{plane.seeded.big_run_id}")
    page.locator(".cells .cell").first.focus()
    assert page.locator('.cells .cell[tabindex="0"]').count() == 1, "one stop for the tab key, not 500"
    page.keyboard.press("ArrowRight")
    expect(page.locator("[data-readout]")).to_contain_text("blue-wave-002")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    expect(page.locator("[data-readout]")).to_contain_text("blue-wave-002")
    page.keyboard.press("Enter")
    expect(page.locator("#dialog h1")).to_have_text("blue-wave-002")


def test_the_output_shows_its_end_and_is_searched(open_page: OpenPage, plane: Plane) -> None:
    page = open_page(f"/runs/{plane.seeded.big_run_id}")
    expect(page.locator("[data-lines]")).to_contain_text("ok: [blue-wave-500]")
    page.fill("[name=find]", "task number 7")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").filter(has_text="1 place with")).to_be_visible()


def test_a_viewer_sees_everything_and_is_offered_nothing(open_page: OpenPage, plane: Plane) -> None:
    page = open_page(f"/runs/{plane.seeded.big_run_id}", Role.VIEWER)
    expect(page.locator(".cells .cell")).to_have_count(500)
    assert page.locator(".page-head .actions .button").count() == 0
    assert page.request.get(f"/runs/{plane.seeded.big_run_id}/retry").status == 403
    assert page.request.get("/runs/new").status == 403
