"""The section Administration and one's own account, as people use them."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from control_ui.models.people import Role
from tests.browser.conftest import OpenPage
from tests.browser.plane import Plane

HOME = "/administration/"


def dialog(page: Page, title: str) -> None:
    """It is open, and says what it is about."""
    expect(page.get_by_role("dialog", name=title)).to_be_visible()


def test_a_person_is_added_by_keyboard_and_comes_in_with_the_one_time_password(
    open_page: OpenPage, plane: Plane
) -> None:
    page = open_page(HOME + "users", Role.ADMIN)
    page.get_by_role("link", name="Add a person").focus()
    page.keyboard.press("Enter")
    dialog(page, "Add a person")
    expect(page.locator("#email")).to_be_focused()
    page.keyboard.type("no address")
    page.locator("dialog form").evaluate("form => form.noValidate = true")
    page.keyboard.press("Enter")
    expect(page.locator("#email-fault")).to_contain_text("such as name@example.com")
    page.fill("#email", "newcomer@blue-wave.test")
    page.fill("#name", "New Comer")
    page.select_option("#role", "viewer")
    page.locator("dialog button.primary").press("Enter")
    secret = page.locator(".secret code")
    password = secret.inner_text()
    page.get_by_role("link", name="Done").click()
    expect(page.get_by_role("heading", level=1, name="New Comer")).to_be_visible()
    assert password not in page.content()
    guest = page.context.browser
    assert guest is not None
    context = guest.new_context(base_url=plane.url)
    fresh = context.new_page()
    fresh.goto("/login")
    fresh.fill("#email", "newcomer@blue-wave.test")
    fresh.fill("#password", password)
    fresh.click("main button")
    fresh.wait_for_url("**/password")
    context.close()


def test_a_sites_hours_are_told_while_they_are_entered_and_kept(open_page: OpenPage) -> None:
    page = open_page(HOME + "sites?q=497", Role.ADMIN)
    page.get_by_role("link", name="Edit Blue Wave OH 497").click()
    dialog(page, "Edit Blue Wave OH 497")
    for day in ("mon", "tue", "wed", "thu"):
        page.get_by_label(f"{day}, window 1").check()
    page.get_by_label("From, window 1").fill("22:00")
    page.get_by_label("To, window 1").fill("02:00")
    expect(page.locator(".said")).to_contain_text("mon-thu 22:00-02:00. It ")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("main tbody")).to_contain_text("mon-thu 22:00-02:00")
    expect(page.locator("main .notice")).to_contain_text("is changed")


def test_a_device_is_held_released_and_given_an_enrolment_token(open_page: OpenPage, plane: Plane) -> None:
    page = open_page(HOME + f"devices/{plane.seeded.device_ids[489]}", Role.ADMIN)
    page.get_by_role("link", name="Hold", exact=True).click()
    dialog(page, "Hold blue-wave-490")
    page.fill("#reason", "new pump")
    page.get_by_role("button", name="Hold").click()
    expect(page.locator("main .notice.warn")).to_contain_text("Held: new pump")
    page.get_by_role("link", name="Release").click()
    page.get_by_role("button", name="Release").click()
    expect(page.get_by_role("link", name="Hold", exact=True)).to_be_visible()
    page.get_by_role("link", name="Make an enrolment token").click()
    page.get_by_role("button", name="Make").click()
    token = page.locator(".secret code").inner_text()
    assert len(token) > 40
    page.get_by_role("link", name="Done").click()
    expect(page.locator("main")).to_contain_text("a token is waiting")


def test_a_camera_password_is_written_and_never_comes_back(open_page: OpenPage, plane: Plane) -> None:
    page = open_page(HOME + f"devices/{plane.seeded.device_ids[488]}", Role.ADMIN)
    page.get_by_role("link", name="Edit").click()
    page.fill("#camera_password", "only written")
    page.fill("#labels", "lane=triple")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("main")).to_contain_text("lane=triple")
    page.get_by_role("link", name="Edit").click()
    expect(page.locator("#camera_password")).to_have_value("")
    assert "only written" not in page.content()


def test_a_group_tells_live_how_many_it_finds_and_a_list_is_filled_by_ticking(open_page: OpenPage) -> None:
    page = open_page(HOME + "groups", Role.ADMIN)
    page.get_by_role("link", name="Make a group").click()
    expect(page.locator("#label_query")).to_be_hidden()
    page.get_by_label("whatever a label query finds").check()
    page.fill("#label_query", "region=west")
    expect(page.locator(".counted")).to_have_text("It finds 125 devices now.")
    page.fill("#label_query", "region=west,ring=canary")
    expect(page.locator(".counted")).to_have_text("It finds 1 device now.")
    page.fill("#label_query", "region=(")
    expect(page.locator(".counted")).to_contain_text("The query is not valid")
    page.fill("#label_query", "")
    page.get_by_label("a list").check()
    page.fill("#name", "Pilot sites")
    page.get_by_role("button", name="Make").click()
    expect(page.get_by_role("heading", level=1, name="Pilot sites")).to_be_visible()
    page.get_by_role("link", name="Not in it").click()
    for name in ("blue-wave-001", "blue-wave-002"):
        page.get_by_role("row", name=name).get_by_role("checkbox").check()
    page.get_by_role("button", name="Put the chosen ones in").click()
    dialog(page, "Put 2 devices into Pilot sites")
    page.get_by_role("button", name="Put 2 devices in").click()
    expect(page.locator("main")).to_contain_text("A list of 2 devices.")
    page.get_by_label("All on this page").check()
    page.get_by_role("button", name="Take the chosen ones out").click()
    page.get_by_role("button", name="Take 2 devices out").click()
    expect(page.locator("main")).to_contain_text("A list of 0 devices.")


def test_a_schedule_is_made_with_its_next_times_in_sight_paused_and_resumed(open_page: OpenPage) -> None:
    page = open_page(HOME + "schedules", Role.OPERATOR)
    page.get_by_role("link", name="Make a schedule").click()
    page.get_by_role("link", name="Restart the camera service").click()
    dialog(page, "Restart the camera service, again and again")
    page.fill("#name", "Sunday restart")
    page.fill("#cron", "0 4 * * sun")
    expect(page.locator(".said")).to_contain_text("At 04:00 on Sunday. Next:")
    page.get_by_label("carwash-agent").uncheck()
    page.get_by_role("button", name="Make").click()
    expect(page.get_by_role("heading", level=1, name="Sunday restart")).to_be_visible()
    expect(page.locator("main")).to_contain_text('["carwash-stream", "carwash-snapshot"]')
    page.get_by_role("link", name="Pause").click()
    page.get_by_role("button", name="Pause").click()
    expect(page.locator("main .notice.warn")).to_contain_text("It is paused")
    page.get_by_role("link", name="Resume").click()
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_role("link", name="Pause")).to_be_visible()


def test_an_inventory_is_shown_and_then_taken_in(open_page: OpenPage) -> None:
    page = open_page(HOME + "devices/import", Role.ADMIN)
    text = "pis: {hosts: {imported-01: {site_name: Imported}}}\nenv_production: {hosts: {imported-01: {}}}\n"
    page.set_input_files("#file", {"name": "hosts.yml", "mimeType": "text/yaml", "buffer": text.encode()})
    page.get_by_role("button", name="Show what it would do").click()
    expect(page.locator("main .notice.warn")).to_contain_text("It would add 1 device")
    page.get_by_role("button", name="Take in 1 device").click()
    expect(page.locator("main .notice")).to_contain_text("Done: 1 added")


def test_a_viewer_makes_an_own_token_and_is_refused_the_rest(open_page: OpenPage, plane: Plane) -> None:
    page = open_page("/administration", Role.VIEWER)
    tabs = page.get_by_role("navigation", name="Administration").get_by_role("link")
    expect(tabs).to_have_text(["API tokens", "Sites", "Devices", "Groups", "Schedules", "Approvals"])
    page.get_by_role("link", name="Make a token").click()
    page.fill("#name", "wall display")
    page.get_by_label(re.compile("See devices")).check()
    page.get_by_role("button", name="Make").click()
    expect(page.locator(".secret code")).to_contain_text("cw_pat_")
    page.get_by_role("link", name="Done").click()
    page.get_by_role("link", name="Revoke wall display").click()
    page.get_by_role("button", name="Revoke").click()
    expect(page.locator("main tbody")).to_contain_text("revoked")
    device = plane.seeded.device_ids[0]
    for path in ("users", "tenants", "retention", "devices/import", f"devices/{device}/edit", f"devices/{device}/hold"):
        assert (path, page.request.get(HOME + path).status) == (path, 403)
    page.goto(HOME + f"devices/{device}")
    expect(page.locator(".page-head .actions").get_by_role("link")).to_have_text(["To its site"])


def test_a_platform_administrator_goes_into_a_tenant_and_back(open_page: OpenPage) -> None:
    page = open_page(HOME + "tenants", Role.PLATFORM_ADMIN)
    page.get_by_role("button", name="Go into Shine").click()
    expect(page.locator("main .notice").first).to_contain_text("You are in Shine")
    page.goto(HOME + "devices")
    expect(page.locator("main tbody")).to_contain_text("shine-001")
    expect(page.locator("main tbody")).not_to_contain_text("blue-wave-001")
    page.get_by_role("button", name="Back to all tenants").click()
    expect(page.get_by_role("row", name=re.compile("Blue Wave"))).to_be_visible()


def test_ones_own_time_zone_counts_at_once_and_another_session_is_ended(open_page: OpenPage) -> None:
    other = open_page("/account", Role.AUDITOR)
    page = open_page("/account", Role.AUDITOR)
    page.get_by_role("link", name="Change profile").click()
    page.fill("#timezone", "America/Denver")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("main tbody")).to_contain_text(re.compile("M[SD]T"))
    there = page.locator(".rows li").filter(has_not_text="this one").first
    there.get_by_role("link", name="Sign out").click()
    page.get_by_role("dialog").get_by_role("button", name="Sign out").click()
    expect(page.locator("main .notice")).to_contain_text("That session is ended.")
    other.reload()
    expect(other.get_by_role("heading", name="Sign in")).to_be_visible()
