"""What every page has around it."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from control_ui.models.people import Role
from tests.browser.conftest import OpenPage, accessibility
from tests.browser.plane import NARROW


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


def test_the_first_key_leads_past_the_sections(open_page: OpenPage) -> None:
    page = open_page("/runs")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#content")).to_be_focused()
    page.keyboard.press("Tab")
    assert page.evaluate("document.querySelector('main').contains(document.activeElement)") or page.evaluate(
        "!document.querySelector('.side').contains(document.activeElement)"
    )


def test_every_section_is_reached_by_the_keyboard(open_page: OpenPage) -> None:
    page = open_page("/")
    link = page.locator(".sections a", has_text="Runs")
    for _ in range(12):
        page.keyboard.press("Tab")
        if link.evaluate("link => link === document.activeElement"):
            break
    page.keyboard.press("Enter")
    page.wait_for_url("**/runs")
    expect(page.locator(".sections a[aria-current]")).to_have_text("Runs")


def test_a_dialog_takes_the_focus_keeps_it_and_gives_it_back(open_page: OpenPage) -> None:
    page = open_page("/administration/groups", Role.ADMIN)
    opener = page.get_by_role("link", name="Make a group")
    opener.press("Enter")
    dialog = page.get_by_role("dialog", name="Make a group")
    expect(dialog).to_be_visible()
    expect(page.locator("#name")).to_be_focused()
    assert accessibility(page) == []
    for _ in range(15):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement === document.body || dialog.contains(document.activeElement)")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(opener).to_be_focused()
    opener.press("Enter")
    expect(dialog).to_be_visible()
    page.get_by_role("link", name="Cancel").click()
    expect(dialog).to_be_hidden()
    assert page.url.endswith("/administration/groups")


def test_what_opens_as_a_dialog_is_a_page_without_scripts(open_page: OpenPage) -> None:
    page = open_page("/administration/groups", Role.ADMIN, java_script_enabled=False)
    page.get_by_role("link", name="Make a group").click()
    page.fill("#name", "Made without scripts")
    page.get_by_role("button", name="Make").click()
    expect(page.get_by_role("heading", level=1, name="Made without scripts")).to_be_visible()


def test_a_session_that_ended_meanwhile_leads_to_the_door_and_back(open_page: OpenPage) -> None:
    page = open_page("/administration/groups", Role.ADMIN)
    other = page.context.new_page()
    other.goto("/account")
    other.get_by_role("button", name="Sign out", exact=True).click()
    other.wait_for_url("**/login")
    page.get_by_role("link", name="Make a group").click()
    page.wait_for_url(re.compile(r"/login\?next=.*groups"))
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_the_menu_of_a_telephone_says_whether_it_is_open(open_page: OpenPage) -> None:
    page = open_page("/", viewport=NARROW)
    button = page.get_by_role("button", name="Menu")
    expect(button).to_have_attribute("aria-expanded", "false")
    button.press("Enter")
    expect(button).to_have_attribute("aria-expanded", "true")
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    button.press("Enter")
    expect(page.get_by_role("button", name="Sign out")).to_be_hidden()
