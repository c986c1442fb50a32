"""The fleet's page: a failing site is found, many are chosen and something is done with them, in every view, live."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from playwright.sync_api import Page, Route, expect

from control_ui.models import Deployment, DeviceState, HostResult, Run
from control_ui.models.people import Role
from control_ui.models.scope import ALL_TENANTS, open_session
from control_ui.services.devices import status
from tests.browser.conftest import OpenPage, accessibility
from tests.browser.plane import PICTURE_JSON, Plane

ASKED_FOR = re.compile(r"/sites/\d+/picture\.json")
SHOWN = "[data-site]:not([hidden])"


def live(page: Page) -> Page:
    """The page once it has heard from the control plane."""
    expect(page.locator("#fleet-live .word")).to_have_text("Live")
    return page


def test_a_failing_site_is_found_and_opened(open_page: OpenPage) -> None:
    page = live(open_page("/"))
    every = page.locator(SHOWN).count()
    offline = page.locator(SHOWN + "[data-status=offline]").count()
    page.check("[name=status][value=offline]", force=True)
    expect(page.locator(SHOWN)).to_have_count(offline)
    page.keyboard.press("/")
    page.keyboard.type("oh 033")
    expect(page.locator("#fleet-shown")).to_have_text(re.compile(r"^1 of \d+ sites"))
    assert page.url.endswith("/?status=offline&q=oh+033")
    page.reload()
    expect(live(page).locator(SHOWN)).to_have_count(1)
    page.hover(SHOWN)
    expect(page.locator("#fleet-inspector")).to_contain_text("it has not checked in")
    page.focus(SHOWN)
    page.keyboard.press("Enter")
    page.wait_for_url("**/sites/*")
    page.go_back()
    page.click("text=Clear filters")
    expect(page.locator(SHOWN)).to_have_count(every)


def test_a_site_that_goes_down_shows_red_on_an_open_page(plane: Plane, open_page: OpenPage) -> None:
    page = live(open_page("/?by=ring"))
    device_id = plane.seeded.device_ids[203]
    tile = page.locator(f"[data-site='{device_id}']")
    expect(tile).to_have_class(re.compile("good"))
    now = datetime.now(UTC)
    with open_session(plane.sessions, ALL_TENANTS) as session:
        overdue = {"overdue_at": now - timedelta(seconds=1)}
        session.execute(sa.update(DeviceState).where(DeviceState.device_id == device_id).values(overdue))
        session.commit()
        status.mark_silent(session, now)
    expect(tile).to_have_class(re.compile("bad"))
    name = tile.get_attribute("data-name")
    assert name
    expect(tile).to_have_attribute("aria-label", f"{name}: offline")
    expect(page.locator("#fleet-trouble")).to_contain_text(name)


def test_a_label_query_is_answered_while_it_is_entered_and_a_bad_one_is_explained(open_page: OpenPage) -> None:
    page = live(open_page("/"))
    every = page.locator(SHOWN).count()
    page.click("text=Versions and labels")
    page.fill("[name=query]", "lane=double,region=west")
    expect(page.locator("#fleet-shown")).to_have_text(re.compile(r"^4\d of \d+ sites"))
    assert "query=lane%3Ddouble%2Cregion%3Dwest" in page.url
    page.fill("[name=query]", "lane=double,region in")
    expect(page.locator("#query-fault")).to_contain_text("is expected")
    expect(page.locator("#fleet-none")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("[name=query]")).to_be_hidden()
    page.click("text=Show all sites")
    expect(page.locator(SHOWN)).to_have_count(every)


def test_many_are_chosen_with_the_mouse_and_something_is_run_on_them(plane: Plane, open_page: OpenPage) -> None:
    page = live(open_page("/?region=south"))
    tiles = page.locator(SHOWN)
    tiles.nth(40).click()
    tiles.nth(44).click(modifiers=["Shift"])
    tiles.nth(60).click()
    tiles.nth(42).click()
    expect(page.locator("#fleet-bulk")).to_contain_text("5 sites selected")
    page.click("text=Diagnose…")
    dialog = page.locator("#dialog")
    expect(dialog.locator("h1")).to_have_text("Diagnose 5 sites")
    dialog.locator("[name=reason]").fill("blurred pictures")
    assert accessibility(page) == []
    dialog.locator("button.primary").click()
    page.wait_for_url("**/runs**")
    with open_session(plane.sessions, ALL_TENANTS) as session:
        run = session.scalars(sa.select(Run).where(Run.reason == "blurred pictures")).one()
        hosts = session.scalars(sa.select(HostResult).where(HostResult.run_id == run.id)).all()
    assert (run.playbook, len(hosts)) == ("diagnose", 5)
    page.goto("/")
    expect(live(page).locator("#fleet-bulk")).to_be_hidden()


def test_many_are_chosen_by_keyboard_and_a_version_is_deployed_to_them(plane: Plane, open_page: OpenPage) -> None:
    page = live(open_page("/?q=ny+35", Role.ADMIN))
    page.focus(SHOWN)
    page.keyboard.press("Control+a")
    expect(page.locator(".tile[aria-selected=true]")).to_have_count(page.locator(SHOWN).count())
    page.keyboard.press("Escape")
    expect(page.locator("#fleet-bulk")).to_be_hidden()
    page.keyboard.press("Space")
    page.keyboard.press("Shift+ArrowRight")
    expect(page.locator("#fleet-bulk")).to_contain_text("2 sites selected")
    page.focus("text=Deploy…")
    page.keyboard.press("Enter")
    dialog = page.locator("#dialog")
    expect(dialog.locator("#d-to")).to_contain_text("The 2 selected sites")
    dialog.locator("#d-template").select_option(label="Low bandwidth")
    dialog.locator("#d-reason").fill("slow line")
    expect(dialog.locator("#deploy-button")).to_have_text("Deploy to 2 sites")
    dialog.locator("#deploy-button").press("Enter")
    page.wait_for_url("**/deployments**")
    with open_session(plane.sessions, ALL_TENANTS) as session:
        made = session.scalars(sa.select(Deployment).where(Deployment.reason == "slow line")).one()
    assert len(made.target["device_ids"]) == 2


def test_the_table_is_sorted_and_has_its_columns_by_its_address_and_the_choice_goes_on(open_page: OpenPage) -> None:
    page = live(open_page("/?view=table&region=west", Role.ADMIN))
    page.click("thead >> text=Site")
    page.wait_for_url("**sort=name**")
    page.click("summary:has-text('Columns')")
    page.click("label:has-text('Device')")
    page.wait_for_url("**column=device**")
    assert "region=west" in page.url
    boxes = live(page).locator(f"{SHOWN} td.pick input")
    boxes.nth(1).check()
    boxes.nth(4).click(modifiers=["Shift"])
    expect(page.locator("#fleet-bulk")).to_contain_text("4 sites selected")
    page.click("text=Select all 125 shown")
    expect(page.locator("#pick-all")).to_be_checked()
    page.click(".switch >> text=Map")
    page.wait_for_url("**view=map**")
    expect(live(page).locator("#fleet-bulk")).to_contain_text("125 sites selected")


def test_the_map_is_drawn_here_and_a_site_on_it_can_be_pointed_at(open_page: OpenPage) -> None:
    page = live(open_page("/?view=map&q=ca+012"))
    canvas = page.locator("#fleet-map canvas").first
    canvas.wait_for()
    box = canvas.bounding_box()
    assert box
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(page.locator("#fleet-inspector h2")).to_have_text("Blue Wave CA 012")


def test_sites_are_chosen_from_their_pictures_and_on_the_map(open_page: OpenPage) -> None:
    page = open_page("/account")
    page.route(ASKED_FOR, lambda route: route.fulfill(json=PICTURE_JSON))
    page.goto("/?view=pictures&q=ca+0")
    boxes = live(page).locator(f"{SHOWN} .pick input")
    boxes.nth(0).check()
    boxes.nth(2).click(modifiers=["Shift"])
    expect(page.locator("#fleet-bulk")).to_contain_text("3 sites selected")
    page.click(".switch >> text=Map")
    page.wait_for_url("**view=map**")
    expect(live(page).locator(f"{SHOWN} .pick input:checked")).to_have_count(3)
    page.fill("[name=q]", "ca 020")
    expect(page.locator(SHOWN)).to_have_count(1)
    box = page.locator("#fleet-map canvas").first.bounding_box()
    assert box
    page.locator(f"{SHOWN} .pick input").check()
    expect(page.locator("#fleet-bulk")).to_contain_text("4 sites selected")
    page.locator("[data-none]").click()
    expect(page.locator("#fleet-bulk")).to_be_hidden()


def test_pictures_are_fetched_while_they_are_looked_at_and_say_how_old_they_are(open_page: OpenPage) -> None:
    page = open_page("/account")
    asked: list[str] = []

    def answer(route: Route) -> None:
        asked.append(route.request.url)
        if len(asked) == 2:
            route.fulfill(json=PICTURE_JSON | {"image": "data:image/jpeg;base64,bm9uZQ=="})
        else:
            route.fulfill(json=PICTURE_JSON | {"stale": len(asked) == 3})

    page.route(ASKED_FOR, answer)
    page.goto("/?view=pictures")
    shots = live(page).locator(".shot")
    expect(shots.nth(0).locator(".age")).to_have_text(re.compile(r"^\d+ s old$"))
    expect(shots.nth(0).locator("img")).to_be_visible()
    expect(page.locator(".shot.failed .said", has_text="no picture")).not_to_have_count(0)
    expect(page.locator(".shot.stale .age")).to_have_text(re.compile(r"^stale: \d+ s old$"))
    assert 0 < len(set(asked)) < 100, "only what is in view"
    page.check("[name=status][value=offline]", force=True)
    page.fill("[name=q]", "oh 033")
    expect(page.locator(SHOWN)).to_contain_text("no picture: offline")


def test_pis_that_give_no_picture_say_why_and_the_console_stays_clean(open_page: OpenPage) -> None:
    page = live(open_page("/?view=pictures"))
    expect(page.locator(".shot.failed .said", has_text="the Pi cannot be asked").first).to_be_visible()


def test_who_may_only_look_opens_sites_and_chooses_none(open_page: OpenPage) -> None:
    page = live(open_page("/", Role.VIEWER))
    assert page.locator("#fleet-bulk").count() == 0
    page.locator(".tile").nth(3).click()
    page.wait_for_url("**/sites/*")
    assert page.request.get("/fleet/run?playbook=restart&ids=1").status == 403
