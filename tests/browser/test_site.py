"""One site: its picture, its charts, its configuration, its log live, what can be done, and by whom."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from rq import Queue

from control_ui.jobs import live_log
from control_ui.jobs.context import make_context, using
from control_ui.jobs.stopping import STOPPING
from control_ui.models import Device, Run, RunSlice
from control_ui.models.devices import DeviceStatus
from control_ui.models.people import Role
from control_ui.models.runs import RunState, SliceState
from control_ui.models.scope import ALL_TENANTS, open_session
from control_ui.services.pictures.latest import Pictures
from control_ui.views.state import KEY
from control_ui.work_queue import LIVE_LOGS
from tests.browser.conftest import OpenPage, accessibility
from tests.browser.plane import Plane
from tests.browser.site_seed import diagnosed, enrich, report
from tests.control_ui.live_logs.sshd import Sshd, serving
from tests.control_ui.pictures.pi import Pi, listening
from tests.pi_service.waiting import wait_for

MINE = 60
"""Of the seeded devices: no other test's."""


@dataclass(frozen=True)
class Place:
    """A site with a Pi that shows pictures, and lets us in."""

    id: int
    pi: Pi
    sshd: Sshd
    plane: Plane

    @property
    def path(self) -> str:
        return f"/sites/{self.id}"


@pytest.fixture(scope="module")
def place(plane: Plane, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with ExitStack() as ends:
        pi = ends.enter_context(listening())
        sshd = ends.enter_context(serving(tmp_path_factory.mktemp("sshd")))
        before = plane.app.extensions[KEY]
        plane.app.extensions[KEY] = replace(before, pictures=Pictures(pi.port))
        ends.callback(plane.app.extensions.__setitem__, KEY, before)
        keys = before.settings.ssh_key_dir
        keys.mkdir(parents=True, exist_ok=True)
        (keys / "default").write_bytes(sshd.key_file.read_bytes())
        (keys / "default").chmod(0o600)
        device_id = plane.seeded.device_ids[MINE]
        with open_session(plane.sessions, ALL_TENANTS) as session:
            device = session.get_one(Device, device_id)
            device.address, device.token_sha256 = "127.0.0.1", "6" * 64
            device.ssh_port, device.ssh_user, device.ssh_host_keys = sshd.port, sshd.user, [sshd.host_key]
            enrich(session, device, datetime.now(UTC))
        yield Place(device_id, pi, sshd, plane)


@pytest.fixture
def follower(place: Place) -> Iterator[None]:
    """A worker that follows logs."""
    here = make_context(place.plane.app.extensions[KEY].settings)
    over = threading.Event()

    def work() -> None:
        queue = Queue(LIVE_LOGS, connection=here.redis)
        while not over.wait(0.1):
            for job in queue.get_jobs():
                job.delete()
                live_log.follow(*job.args)

    with using(here):
        thread = threading.Thread(target=work)
        thread.start()
        yield
        over.set()
        STOPPING.set()  # the page may still be open, and then nothing else ends it
        thread.join()
        STOPPING.clear()
    here.close()


def test_the_picture_comes_with_its_age_and_says_when_it_is_old(open_page: OpenPage, place: Place) -> None:
    page = open_page(place.path, Role.VIEWER)
    picture = page.locator("[data-picture]")
    picture.locator("img[data-shot]").wait_for()
    picture.locator("text=/Captured [5-9] s ago/").wait_for()
    picture.locator(".tag.good", has_text="fresh").wait_for()
    fresh = dict(place.pi.headers)
    try:
        place.pi.headers |= {"X-Snapshot-Stale": "true", "Age": "3000"}
        picture.locator(".tag.warn", has_text="stale").wait_for()
        picture.locator("text=Captured 50 min ago").wait_for()
        place.pi.status = 401
        picture.locator(".tag.bad", has_text="not current").wait_for()
        assert "does not accept the control plane's key" in picture.locator("[data-problem]").inner_text()
    finally:
        place.pi.status, place.pi.headers = 200, fresh


def test_asking_as_the_controller_by_keyboard(open_page: OpenPage, place: Place) -> None:
    page = open_page(place.path, Role.VIEWER)
    page.focus("text=Ask as the controller would")
    page.keyboard.press("Enter")
    dialog = page.locator("#dialog[open]")
    dialog.locator("text=A fresh picture.").wait_for()
    assert "X-Snapshot-Sequence" in dialog.inner_text()
    page.keyboard.press("Escape")
    dialog.wait_for(state="hidden")


def test_a_site_that_goes_down_turns_red_within_two_seconds(open_page: OpenPage, place: Place) -> None:
    page = open_page(place.path, Role.VIEWER)
    with open_session(place.plane.sessions, ALL_TENANTS) as session:
        state = session.get_one(Device, place.id).state
        before = state.status
        state.status = DeviceStatus.OFFLINE
        session.commit()
    try:
        page.locator("#site-status .tag.bad", has_text="offline").wait_for(timeout=4000)
        page.locator("#site-state >> text=/Last seen .* ago/").wait_for()
    finally:
        with open_session(place.plane.sessions, ALL_TENANTS) as session:
            session.get_one(Device, place.id).state.status = before
            session.commit()


def test_charts_are_drawn_and_drawn_again(open_page: OpenPage, place: Place) -> None:
    with_past = place.plane.seeded.device_ids[1]
    page = open_page(f"/sites/{with_past}/charts", Role.VIEWER, color_scheme="light")
    page.locator("[data-charts][data-drawn='8']").wait_for()
    canvases = page.locator(".plot canvas")
    assert canvases.count() == 8
    page.click("text='24 h'")
    page.wait_for_url("**range=24h")
    page.locator("[data-charts][data-drawn='8']").wait_for()
    page.locator("[data-chart='cpu'] [data-told]", has_text="mean").wait_for()
    light = page.evaluate("document.querySelector('[data-chart=cpu] canvas').toDataURL()")
    page.click("[data-theme-switch]")
    page.wait_for_function("was => document.querySelector('[data-chart=cpu] canvas').toDataURL() !== was", arg=light)
    page.set_viewport_size({"width": 390, "height": 844})
    page.wait_for_function("document.querySelector('.plot canvas').getBoundingClientRect().width < 380")
    page.click("text=Table")
    page.locator("table.measured >> text=Processor").wait_for()


def test_a_configuration_is_traced_to_its_layers_and_taken_back(open_page: OpenPage, place: Place) -> None:
    page = open_page(f"{place.path}/configuration")
    row = page.locator(".settings tr", has_text="jpeg_quality")
    assert "its own" in row.inner_text()
    page.click("text=As a diff")
    assert '"snapshot_interval_seconds": 6' in page.locator(".unified pre").inner_text()
    page.click("text=Go back to 1")
    dialog = page.locator("#dialog[open]")
    dialog.locator("text=from configuration 3 to configuration 1").wait_for()
    dialog.locator("button.primary").click()
    assert dialog.is_visible(), "the browser asks for the reason"
    dialog.locator("textarea").fill("It was better")
    dialog.locator("button.primary").click()
    page.locator(".notice", has_text="takes blue-wave-061 back").wait_for()


def test_a_log_is_followed_live_and_left_alone_afterwards(open_page: OpenPage, place: Place, follower: None) -> None:
    journal, pid = place.sshd.directory / "journal", place.sshd.directory / "pid"
    journal.write_text("")
    place.sshd.say(f"echo $$ > {pid}; exec tail -n +1 -f {journal}")

    def write(message: str, priority: int = 6) -> None:
        fields = {"__REALTIME_TIMESTAMP": "1772600767250000", "UNIT": "carwash-stream.service", "PRIORITY": priority}
        with journal.open("a") as file:
            file.write(json.dumps({**fields, "MESSAGE": message}) + "\n")

    page = open_page(f"{place.path}/logs")
    write("the first line")
    page.click("text=Follow live")
    page.locator("#live-lines >> text=the first line").wait_for()
    page.locator("#live-state >> text=following").wait_for()
    write("rtsp://viewer:hunter2@192.0.2.10/ is away", 3)
    line = page.locator("#live-lines > li.bad")
    line.wait_for()
    assert "rtsp://viewer:***@192.0.2.10/ is away" in line.inner_text()
    assert accessibility(page) == []
    page.click("text=Stop")
    page.locator(".notice", has_text="stopped").wait_for()
    on_the_pi = Path("/proc", pid.read_text().strip())
    wait_for("the program on the Pi to end", lambda: not on_the_pi.exists())


def test_a_diagnosis_is_started_and_read_as_it_comes(open_page: OpenPage, place: Place) -> None:
    page = open_page(f"{place.path}/diagnostics")
    page.locator("h3", has_text="Camera").wait_for()
    page.click("text=Diagnose over SSH")
    page.locator("text=It waits for a worker.").wait_for()
    with open_session(place.plane.sessions, ALL_TENANTS) as session:
        device = session.get_one(Device, place.id)
        run = diagnosed(session, device, datetime.now(UTC), over=False)
        session.commit()
        page.goto(f"{place.path}/diagnostics?run={run.id}")
        page.locator("#diagnosis >> text=ok: [blue-wave-061]").wait_for()
        part = session.scalars(sa.select(RunSlice).where(RunSlice.run_id == run.id)).one()
        report(session, run, part, device)
        part.state = SliceState.FINISHED
        session.execute(sa.update(Run).where(Run.id == run.id).values(state=RunState.SUCCEEDED))
        session.commit()
    page.locator("#diagnosis h3", has_text="System").wait_for()
    assert page.locator("#diagnosis[hx-trigger]").count() == 0


def test_lines_are_searched(open_page: OpenPage, place: Place) -> None:
    page = open_page(f"{place.path}/logs", Role.VIEWER)
    page.select_option("select[name=level]", "3")
    page.fill("input[name=q]", "ffmpeg")
    page.keyboard.press("Enter")
    page.wait_for_url("**level=3**")
    lines = page.locator(".lines li")
    assert lines.count() == 60
    assert page.locator(".lines li.bad").count() == 60


def test_a_viewer_is_offered_nothing(open_page: OpenPage, place: Place) -> None:
    page = open_page(place.path, Role.VIEWER)
    assert page.locator(".page-head .actions a, .page-head .actions button").count() == 0
    assert page.request.get(f"{place.path}/restart").status == 403
    page.goto(f"{place.path}/logs")
    assert not page.is_visible("text=Follow live")


def test_a_site_is_held_by_keyboard(open_page: OpenPage, place: Place) -> None:
    page = open_page(place.path)
    page.focus("text=Hold")
    page.keyboard.press("Enter")
    dialog = page.locator("#dialog[open]")
    dialog.locator("textarea").fill("the bay is painted")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.locator("#site-status >> text=held").wait_for()
    page.click("text=Release")
    page.locator("#dialog[open] button.primary").click()
    page.locator(".notice", has_text="is released").wait_for()
