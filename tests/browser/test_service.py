"""The dashboards: charts that follow the theme, the worst sites first, gaps, a spreadsheet."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import expect

from control_ui.models.people import Role
from tests.browser.conftest import OpenPage
from tests.browser.plane import Plane


def test_from_the_dashboard_to_the_gaps_of_the_worst_site(open_page: OpenPage) -> None:
    page = open_page("/service", Role.VIEWER)
    expect(page.locator(".chart canvas")).to_have_count(2)
    expect(page.locator(".figures")).to_contain_text("Sites below the promise")
    worst = page.locator("table.sites tbody tr").first
    expect(worst).to_contain_text("missed")
    name = worst.locator("a").inner_text()
    worst.locator("a").click()
    expect(page.locator("h1")).to_have_text(name)
    expect(page.locator("table").last).to_contain_text("Why")


def test_charts_are_drawn_anew_in_the_colours_of_the_theme(open_page: OpenPage) -> None:
    page = open_page("/service?days=7", Role.VIEWER, color_scheme="light")
    picture = "document.querySelector('.chart canvas').toDataURL()"
    expect(page.locator(".chart canvas").first).to_be_visible()
    light = page.evaluate(picture)
    page.click("[data-theme-switch]")
    expect(page.locator(".chart canvas")).to_have_count(2)
    assert page.evaluate(picture) != light


def test_the_chart_says_what_is_under_the_pointer(open_page: OpenPage) -> None:
    page = open_page("/service", Role.VIEWER)
    page.locator(".chart .u-over").first.hover()
    expect(page.locator(".chart-tip").first).to_contain_text("available")


def test_the_figures_are_downloaded_for_the_chosen_days(open_page: OpenPage) -> None:
    page = open_page("/service?days=7", Role.VIEWER)
    with page.expect_download() as download:
        page.click("text=CSV")
    lines = Path(download.value.path()).read_text().splitlines()
    assert lines[0].startswith("site,city,availability_percent")
    assert len(lines) > 490


def test_the_platform_looks_at_one_tenant_after_the_other(plane: Plane, open_page: OpenPage) -> None:
    page = open_page("/service", Role.PLATFORM_ADMIN)
    page.click("main >> text=Blue Wave")
    expect(page.locator("h1")).to_have_text("Service of Blue Wave")
    page.click("text=90 days")
    expect(page.locator("h1")).to_have_text("Service of Blue Wave")
