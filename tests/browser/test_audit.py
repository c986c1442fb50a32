"""The trail searched and verified, a report made and downloaded while the page is open, refusals."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from control_ui.jobs import reporting
from control_ui.jobs.context import JobContext, make_context, using
from control_ui.models.people import Role
from control_ui.models.scope import ALL_TENANTS, open_session
from control_ui.services.actor import system
from control_ui.services.audit.trail import Subject, record
from control_ui.views.state import KEY
from tests.browser.conftest import OpenPage
from tests.browser.plane import Plane


@pytest.fixture
def here(plane: Plane) -> Iterator[JobContext]:
    """The worker of reports, in this process."""
    made = make_context(plane.app.extensions[KEY].settings)
    with using(made):
        yield made
    made.close()


@pytest.fixture
def entry(plane: Plane) -> int:
    with open_session(plane.sessions, ALL_TENANTS) as session:
        found = record(
            session, system("the schedule"), "group.update", Subject("group", 4711, "Night shift"),
            tenant_id=plane.seeded.tenant_id, reason="Fewer lanes at night",
            before={"label_query": "lane=single", "priority": 1}, after={"label_query": "lane=double", "priority": 1},
        )  # fmt: skip
        session.commit()
        return found.id


def test_an_entry_is_found_by_keyboard_and_shows_both_sides(open_page: OpenPage, entry: int) -> None:
    page = open_page("/audit", Role.AUDITOR)
    page.locator("[name=text]").focus()
    page.keyboard.type("Fewer lanes")
    page.keyboard.press("Enter")
    page.wait_for_url("**text=Fewer*")
    page.locator("td.what a").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator("tr.changed")).to_have_count(1)
    expect(page.locator("tr.changed .removed")).to_have_text("lane=single")
    expect(page.locator("tr.changed .added")).to_have_text("lane=double")
    expect(page.locator("main")).to_contain_text("its content matches its hash")


def test_the_chain_is_verified_and_said_to_be_whole(open_page: OpenPage, entry: int) -> None:
    page = open_page("/audit/verification", Role.AUDITOR)
    page.click("text=Verify now")
    expect(page.locator(".notice")).to_contain_text("The trail is whole.")


def test_a_report_is_made_while_the_page_is_open_and_downloaded(open_page: OpenPage, here: JobContext) -> None:
    page = open_page("/audit/reports", Role.AUDITOR)
    page.select_option("#runs-format", "csv")
    page.fill("#runs-person", "operator@")
    page.click("text=Make the run history")
    expect(page.locator("#report-files")).to_contain_text("waits for a worker")
    assert reporting.make_one(here)
    link = page.locator("#report-files a[download]").first
    expect(link).to_be_visible()
    with page.expect_download() as download:
        link.click()
    assert "run-history-blue-wave" in download.value.suggested_filename
    assert Path(download.value.path()).read_text().startswith("tenant,run_id")


def test_without_a_key_no_pack_is_promised(open_page: OpenPage) -> None:
    page = open_page("/audit/evidence", Role.AUDITOR)
    expect(page.locator("main")).to_contain_text("evidence keygen")
    expect(page.locator("text=Make the pack")).to_be_disabled()


def test_an_operator_is_refused(open_page: OpenPage) -> None:
    page = open_page("/", Role.OPERATOR)
    for path in ("/audit", "/audit/reports", "/audit/evidence", "/audit/verification"):
        assert page.request.get(path).status == 403
