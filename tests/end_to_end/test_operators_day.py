"""A day at the control plane, in Chromium, with real Pis behind it: something fails, is found, looked at, mended,
changed, taken back, acknowledged and reported; and who may not is refused.

The tests are the hours of that day, in order; each begins with sites that are well and ends with them so.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests
from playwright.sync_api import Browser, Page, expect

from control_ui.models.people import Role
from tests.browser.visits import visits
from tests.end_to_end.conftest import TENANT, World
from tests.end_to_end.staff import Staff, by_itself, ended, is_marked, mark, tab_to
from tests.pi_service.waiting import wait_for

pytestmark = pytest.mark.fleet

FOLLOWING = ["pgrep", "--full", "--list-full", "journalctl --follow"]
SECONDS_TO_APPLY = 90


@pytest.fixture(scope="module")
def staff(world: World, chromium: Browser) -> Iterator[Staff]:
    """When the day is over the console must have been clean, and nobody else's machine asked."""
    with visits(chromium, world.plane.local_url) as visit:
        yield Staff(world, visit)


@pytest.fixture(scope="module")
def operator(staff: Staff) -> Page:
    return staff.sign_in(Role.OPERATOR)


@pytest.fixture(scope="module", autouse=True)
def template(world: World) -> int:
    """What all sites run when the day begins: it brings them the control plane's key for pictures, too."""
    number = world.template("The house standard", jpeg_quality=80)
    assert world.deploy(number)["state"] == "succeeded"
    return number


def content(world: World, name: str) -> dict[str, Any]:
    """What is in force at a site, whatever its number."""
    document = world.configuration_at(name)
    del document["version"]
    return document


def test_a_site_that_fails_turns_up_on_the_open_page_and_red_when_it_falls_silent(world: World, operator: Page) -> None:
    site = world.fleet.sites[3]
    operator.goto("/")
    expect(operator.locator("#fleet-live .word")).to_have_text("Live")
    trouble = operator.locator("#fleet-trouble li", has_text=site.title)
    tile = operator.locator(f"[data-site][data-device='{site.name}']")
    expect(trouble.filter(has_text="no picture")).to_have_count(0)
    try:
        no_picture = trouble.filter(has_text=re.compile("no picture.*camera"))
        by_itself(operator, lambda: world.fleet.fault("camera-off", site), no_picture)
        expect(tile).to_have_class(re.compile("warn"))
        by_itself(operator, lambda: world.fleet.fault("network-cut", site), operator.locator(".tile.bad"))
        expect(tile).to_have_class(re.compile("bad"))
        operator.check("[name=status][value=offline]", force=True)
        operator.fill("[name=q]", site.title)
        expect(operator.locator("[data-site]:not([hidden])")).to_have_count(1)
        tile.press("Enter")
        operator.wait_for_url(f"**/sites/{world.device(site.name)['id']}")
        expect(operator.locator("#site-status")).to_contain_text("offline")
        expect(operator.locator("#site-state")).to_contain_text("hen it was last seen: no picture")
    finally:
        world.fleet.heal(site)
    expect(operator.locator("#site-status .tag:not(.bad)").first).to_be_visible(timeout=60_000)


def test_the_picture_of_the_real_camera_is_looked_at_and_asked_for_as_the_controller_would(
    world: World, operator: Page
) -> None:
    site = world.fleet.sites[0]
    operator.goto(f"/sites/{world.device(site.name)['id']}")
    image = operator.locator("img[data-shot]")
    expect(image).to_have_attribute("src", re.compile("^data:image/jpeg;base64,/9j/"))
    assert image.evaluate("image => image.decode().then(() => image.naturalWidth)") > 0
    expect(operator.locator("[data-age]")).to_have_text(re.compile(r"^Captured \d+ s ago$"))
    expect(operator.locator("[data-mark]")).to_have_text("fresh")
    operator.get_by_role("link", name="Ask as the controller would").click()
    dialog = operator.locator("#dialog")
    expect(dialog).to_contain_text("A fresh picture.")
    for told in (r"Latency\s*\d+ ms", r"Status\s*200", r"Content-Type\s*image/jpeg", r"X-Snapshot-Sequence\s*\d+"):
        expect(dialog).to_contain_text(re.compile(told))
    operator.goto("/?view=pictures")
    shown = operator.locator(".shot img:not([hidden])")
    expect(shown).to_have_count(len(world.fleet.sites), timeout=45_000)
    for place in range(len(world.fleet.sites)):
        assert shown.nth(place).evaluate("image => image.naturalWidth") > 0


def test_the_journal_of_a_pi_is_read_as_it_is_written_and_nothing_stays_behind(world: World, operator: Page) -> None:
    site = world.fleet.sites[0]
    operator.goto(f"/sites/{world.device(site.name)['id']}/logs")
    operator.get_by_role("button", name="Follow live").click()
    expect(operator.locator("#live-state")).to_contain_text("following")
    lines = operator.locator("#live-lines > li")
    expect(lines.filter(has_text="stream")).not_to_have_count(0)
    assert world.fleet.run(site, FOLLOWING).stdout, "it is the Pi that follows"
    restart = ["systemctl", "restart", "carwash-snapshot.service"]
    started = lines.filter(has_text="Started carwash-snapshot.service")
    before = started.count()
    mark(operator)
    assert world.fleet.run(site, restart).returncode == 0
    expect(started).to_have_count(before + 1)
    assert is_marked(operator)
    assert site.camera_password not in operator.content()
    operator.get_by_role("button", name="Stop").click()
    expect(operator.locator(".notice", has_text="The live log is stopped.")).to_be_visible()
    wait_for("the Pi to follow no more", lambda: world.fleet.run(site, FOLLOWING).returncode == 1)


def test_a_template_is_edited_and_dragged_onto_a_region_whose_pi_then_runs_it(
    world: World, operator: Page, template: int
) -> None:
    site = world.fleet.sites[2]
    operator.goto(f"/configuration/templates/{template}/edit")
    quality = operator.locator("[id='base-jpeg_quality']")
    quality.fill("900")
    quality.press("Tab")
    expect(operator.locator("[id='fault-base-jpeg_quality']")).to_have_text("It must be at most 100")
    quality.fill("64")
    operator.fill("#note", "Smaller pictures")
    operator.get_by_role("button", name="Save as version 2").click()
    operator.wait_for_url(f"**/configuration/templates/{template}")
    operator.drag_and_drop(f"[data-template='{template}'][data-version='2']", "[data-to='region:south']")
    dialog = operator.locator("#dialog")
    expect(dialog.locator("#rehearsal")).to_contain_text("jpeg_quality")
    dialog.locator("#d-reason").fill("smaller pictures in the south")
    dialog.get_by_role("button", name="Deploy to 1 site").click()
    operator.wait_for_url(re.compile(r"/deployments/\d+$"))
    ended(operator, "succeeded", SECONDS_TO_APPLY)
    assert world.configuration_at(site.name)["jpeg_quality"] == 64
    others = [other for other in world.fleet.sites if other != site]
    assert {world.configuration_at(other.name)["jpeg_quality"] for other in others} == {80}


def test_a_version_is_deployed_without_a_mouse(world: World, operator: Page, template: int) -> None:
    site = world.fleet.sites[1]
    operator.goto(f"/configuration/templates/{template}")
    tab_to(operator, operator.get_by_role("link", name="Deploy to…: The house standard, version 2"))
    operator.keyboard.press("Enter")
    target = operator.locator("#dialog #d-to")
    expect(target).to_be_focused()
    operator.keyboard.type("northeast")
    expect(target).to_have_value("region:northeast")
    tab_to(operator, operator.locator("#d-reason"))
    operator.keyboard.type("the same in the northeast")
    button = operator.get_by_role("button", name="Deploy to 1 site")
    expect(button).to_be_enabled()
    tab_to(operator, button)
    operator.keyboard.press("Enter")
    operator.wait_for_url(re.compile(r"/deployments/\d+$"))
    ended(operator, "succeeded", SECONDS_TO_APPLY)
    assert world.configuration_at(site.name)["jpeg_quality"] == 64


def test_a_wave_that_fails_is_watched_and_the_pis_are_back_on_what_they_had(
    world: World, operator: Page, template: int
) -> None:
    sites = world.fleet.sites
    before = {site.name: content(world, site.name) for site in sites}
    world.new_version(template, rtsp_url="rtsp://{{ camera.host }}:5999/nobody")
    operator.goto(f"/configuration/templates/{template}")
    operator.drag_and_drop(f"[data-template='{template}'][data-version='3']", "[data-to='all']")
    dialog = operator.locator("#dialog")
    dialog.locator("#d-waves").fill("50%, 100%")
    dialog.locator("#d-reason").fill("another camera port")
    expect(dialog.locator("#rehearsal")).to_contain_text("in 2 waves: 2, 2")
    dialog.get_by_role("button", name="Deploy to 4 sites").click()
    operator.wait_for_url(re.compile(r"/deployments/\d+$"))
    mark(operator)
    waves = operator.locator(".waves tbody tr")
    expect(waves.nth(0)).to_contain_text("stopped", timeout=SECONDS_TO_APPLY * 1000)
    expect(waves.nth(1)).to_contain_text("not begun")
    expect(operator.locator(".cells .cell[data-state=failed]")).not_to_have_count(0)
    ended(operator, "rolled back", SECONDS_TO_APPLY)
    assert is_marked(operator)
    said = operator.locator("#deployment-head [role=status]")
    expect(said).to_contain_text("failed in wave 1")
    expect(said).to_contain_text("refused")
    assert {site.name: content(world, site.name) for site in sites} == before
    for site in sites:
        path = f"/api/devices/{world.device(site.name)['id']}/config"
        told = world.api.wait_for(path, lambda one: one["in_step"], timeout=30)
        assert "5999" not in told["shown"]["rtsp_url"], "and nothing else is wanted of it"


def test_an_alert_appears_by_itself_and_is_acknowledged_with_a_comment(world: World, operator: Page) -> None:
    site = world.fleet.sites[3]
    operator.goto("/alerts")
    row = operator.locator("tr", has_text="PictureStale")
    by_itself(operator, lambda: tell(world, "PictureStale", site.name), row)
    row.get_by_role("link", name="PictureStale").click()
    expect(operator.locator("#alert")).to_contain_text("Nobody has acknowledged it.")
    operator.locator("#alert").get_by_role("link", name="Acknowledge").click()
    operator.locator("#dialog #comment").fill("The bay is being painted until noon")
    operator.locator("#dialog").get_by_role("button", name="Acknowledge").click()
    expect(operator.locator("main .notice").first).to_contain_text("acknowledged")
    (alert,) = (one for one in world.api.items("/api/alerts") if one["name"] == "PictureStale")
    assert alert["comment"] == "The bay is being painted until noon"
    assert alert["acknowledged_by"].startswith("operator-")
    assert alert["device_id"] == world.device(site.name)["id"]


def test_a_report_of_the_day_is_made_and_downloaded(world: World, staff: Staff) -> None:
    page = staff.sign_in(Role.AUDITOR, "/audit/reports")
    today = datetime.now(UTC).date().isoformat()
    page.fill("#runs-from", today)
    page.fill("#runs-to", today)
    page.select_option("#runs-format", "csv")
    page.get_by_role("button", name="Make the run history").click()
    link = page.locator("#report-files a[download]").first
    expect(link).to_be_visible(timeout=60_000)
    with page.expect_download() as download:
        link.click()
    content = Path(download.value.path()).read_bytes()
    rows = list(csv.DictReader(io.StringIO(content.decode())))
    assert download.value.suggested_filename.endswith(".csv")
    assert {row["tenant"] for row in rows} == {TENANT}
    (dragged,) = (row for row in rows if row["reason"].endswith(": smaller pictures in the south"))
    assert dragged["host"] == world.fleet.sites[2].name
    assert dragged["outcome"] in ("changed", "ok"), "the Pi fetches it by itself, too, and may be the quicker one"
    assert dragged["requested_by"].startswith("operator-")
    assert any(row["reason"].endswith(": the same in the northeast") for row in rows)
    for site in world.fleet.sites:
        assert site.camera_password.encode() not in content


def test_who_may_only_look_is_offered_nothing_and_refused(world: World, staff: Staff, template: int) -> None:
    device = world.device(world.fleet.sites[0].name)["id"]
    page = staff.sign_in(Role.VIEWER)
    expect(page.locator(".tile")).to_have_count(len(world.fleet.sites))
    expect(page.locator("#fleet-bulk")).to_have_count(0)
    for path in (f"/sites/{device}", f"/sites/{device}/logs", f"/configuration/templates/{template}", "/deployments"):
        page.goto(path)
        expect(page.locator("main h1")).to_be_visible()
        expect(page.locator(".page-head .actions a, .page-head .actions button, [draggable]")).to_have_count(0)
    token = page.locator("[name=csrf_token]").first.input_value()
    deploy = {"template": str(template), "version": "1", "to": "all", "strategy": "all"}
    for path, form in (
        ("/configuration/deploy", deploy),
        (f"/configuration/templates/{template}/edit", {"note": "mine"}),
        (f"/sites/{device}/restart", {"reason": "mine"}),
    ):
        assert page.request.get(path).status == 403, path
        sent: dict[str, str | float | bool] = {"csrf_token": token, **form}
        assert page.request.post(path, form=sent).status == 403, path
    assert page.request.get("/audit/reports").status == 403


def tell(world: World, name: str, device: str) -> None:
    """As Alertmanager does."""
    alert = {
        "status": "firing",
        "labels": {"alertname": name, "severity": "warning", "tenant": TENANT, "device": device},
        "annotations": {"summary": f"The picture of {device} is old"},
        "startsAt": datetime.now(UTC).isoformat(),
        "endsAt": "0001-01-01T00:00:00Z",
        "fingerprint": "5707a1e0",
    }
    response = requests.post(
        f"{world.plane.local_url}/api/alerts/webhook",
        json={"version": "4", "alerts": [alert]},
        headers={"Authorization": f"Bearer {world.plane.alert_webhook_token}"},
        timeout=30,
    )
    assert response.ok, response.text
