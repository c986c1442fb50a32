"""What every page has around it."""

from __future__ import annotations

import pytest

from control_ui.models.people import Role
from tests.browser.conftest import OpenPage, accessibility
from tests.browser.plane import NARROW, WIDE

SECTIONS = ("/", "/deployments", "/runs", "/configuration", "/alerts", "/service", "/audit", "/administration")


@pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_section_has_a_serious_barrier_and_none_scrolls_sideways(
    open_page: OpenPage, viewport: dict[str, int], scheme: str
) -> None:
    page = open_page("/", Role.ADMIN, viewport=viewport, color_scheme=scheme)
    for path in SECTIONS:
        page.goto(path)
        assert (path, accessibility(page)) == (path, [])
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{path} scrolls sideways"


def test_the_theme_stays_as_it_was_chosen(open_page: OpenPage) -> None:
    page = open_page("/", color_scheme="light")
    page.click("[data-theme-switch]")
    page.goto("/runs")
    assert page.get_attribute("html", "data-theme") == "dark"


def test_on_a_telephone_the_sections_are_behind_a_button(open_page: OpenPage) -> None:
    page = open_page("/", viewport=NARROW)
    assert not page.is_visible("text=Configuration")
    page.click("[data-menu]")
    page.click(".sections >> text=Configuration")
    page.wait_for_url("**/configuration")


def test_who_may_not_see_a_section_is_not_shown_it(open_page: OpenPage) -> None:
    page = open_page("/", Role.VIEWER)
    assert page.locator(".sections a", has_text="Audit").count() == 0
    assert page.request.get("/audit").status == 403
