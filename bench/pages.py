"""The operators' pages with 500 sites and a run of 500 hosts: how soon they are there, how soon they answer, and what
open ones cost."""

from __future__ import annotations

import http.client
import math
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
import sqlalchemy as sa
from playwright.sync_api import Browser, Page, ViewportSize

from bench.scrolling import STEP_PIXELS, late_percent, longest
from bench.servers import free_port, running
from bench.table import markdown
from control_ui.models import DeviceState
from control_ui.models.devices import DeviceStatus
from control_ui.models.scope import ALL_TENANTS, open_session
from control_ui.services.devices import status
from control_ui.views.state import KEY
from tests.browser.plane import WIDE, Plane, browser, serve, signed_in

PERSON = "operator@blue-wave.test"
REQUESTS = 20
VISITS = 5
SCROLLS = 3
OUTAGES = 10
OPEN_PAGES = 50
POLL_SECONDS = 1.2
"""As the page does it (fleet-live.js)."""
POLLED_SECONDS = 15.0
CHANGE_SECONDS = 2.0
SERVER_LIMIT_MS = 150.0
INTERACTIVE_LIMIT_MS = 1000.0
RED_LIMIT_MS = 2000.0
CORES_LIMIT = 1.0
LATE_LIMIT = 5.0
"""Percent of the frames of a scroll."""
LARGEST_PAINT = """() => new Promise((done) => new PerformanceObserver(
    (list) => done(list.getEntries().at(-1).startTime)).observe({type: "largest-contentful-paint", buffered: true}))"""
WATCH_KEY = """() => { window.answered = new Promise((done) => document.querySelector("main input[type=search]")
    .addEventListener("input", (event) => requestAnimationFrame(() => setTimeout(
        () => done(performance.now() - event.timeStamp))), {once: true})); }"""


@dataclass(frozen=True)
class Web:
    """The web process as it runs in production, on the seeded database, and a browser's state for who is signed in."""

    plane: Plane
    process: psutil.Process
    port: int
    state: Any
    agent: str
    """A session belongs to the browser it was begun with."""

    @property
    def headers(self) -> dict[str, str]:
        cookie = "; ".join(f"{one['name']}={one['value']}" for one in self.state["cookies"])
        return {"Cookie": cookie, "User-Agent": self.agent, "Accept-Encoding": "identity"}


@dataclass(frozen=True)
class Row:
    """One thing measured several times, and its limit in the same unit."""

    what: str
    values: list[float]
    limit: float
    unit: str = "ms"

    def cells(self) -> tuple[str, ...]:
        digits = 0 if self.unit == "ms" else 2
        middle, worst = statistics.median(self.values), max(self.values)
        shown = (f"{number:.{digits}f} {self.unit}" for number in (middle, worst, self.limit))
        return (self.what, *shown, f"{worst / self.limit:.2f}")


def run() -> str:
    """Each page and the fleet's liveness as a row, with the worst as a ratio to its limit."""
    with seeded_web() as (web, chromium):
        pages = paths(web)
        served = pages | {"fleet table": "/?view=table"}
        rows = [Row(f"{name} page, server", server_ms(web, path), SERVER_LIMIT_MS) for name, path in served.items()]
        for name, path in pages.items():
            paints, keys = visits(web, chromium, path)
            rows.append(Row(f"{name} page, largest contentful paint", paints, INTERACTIVE_LIMIT_MS))
            rows += [Row(f"{name} page, first key of its filter answered", keys, INTERACTIVE_LIMIT_MS)] if keys else []
        for name, (path, viewport) in longest(web.plane.seeded.big_run_id).items():
            rows.append(Row(f"{name}, scrolled: late frames", scrolls(web, chromium, path, viewport), LATE_LIMIT, "%"))
        rows.append(Row("a site that goes down is red on an open page", outages(web, chromium), RED_LIMIT_MS))
        rows.append(Row(f"{OPEN_PAGES} open fleet pages, web and database", [cores(web)], CORES_LIMIT, "cores"))
    return markdown(
        "The operators' pages",
        ["what", "median", "worst", "limit", "ratio of the worst to its limit"],
        [row.cells() for row in rows],
        f"500 sites of one tenant, a run of 500 hosts and 20 tasks, PostgreSQL, Chromium, all on the same two cores."
        f" Server: {REQUESTS} requests one after the other until the last byte. Paint and key: {VISITS} visits with an"
        f" empty cache. Red: {OUTAGES} times from the commit to the page. Open pages ask every {POLL_SECONDS} s for"
        f" {POLLED_SECONDS:.0f} s while a site changes every {CHANGE_SECONDS:.0f} s; processor time of the web process"
        " and of PostgreSQL together. Late: frames of more than 33 ms, of all those of a scroll from top to end at"
        f" {STEP_PIXELS} pixels a frame.",
    )


def paths(web: Web) -> dict[str, str]:
    """The pages that have most to show."""
    return {"fleet": "/", "run": f"/runs/{web.plane.seeded.big_run_id}"}


@contextmanager
def seeded_web() -> Iterator[tuple[Web, Browser]]:
    with ExitStack() as ends:
        directory = Path(ends.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        plane = ends.enter_context(serve(directory))
        chromium = ends.enter_context(browser())
        process, port = ends.enter_context(web_process(plane, directory))
        there = replace(plane, url=f"http://127.0.0.1:{port}")
        page = signed_in(chromium, there, PERSON, "/account")
        state, agent = page.context.storage_state(), page.evaluate("navigator.userAgent")
        page.context.close()
        yield Web(there, process, port, state, agent), chromium


@contextmanager
def web_process(plane: Plane, directory: Path) -> Iterator[tuple[psutil.Process, int]]:
    """`python -m control_ui.wsgi` on what the plane was seeded with."""
    settings, port = plane.app.extensions[KEY].settings, free_port()
    environment = {
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
        "SECRET_KEY": settings.secret_key,
        "CARWASH_INSTANCE_DIR": str(directory),
        "CARWASH_LISTEN": f"127.0.0.1:{port}",
        "CARWASH_COOKIE_SECURE": "0",
    }
    before = {child.pid for child in psutil.Process().children()}
    with running([sys.executable, "-m", "control_ui.wsgi"], port, **environment):
        (process,) = (child for child in psutil.Process().children() if child.pid not in before)
        yield process, port


def server_ms(web: Web, path: str) -> list[float]:
    """Until the last byte, each time; the first request of all is not counted."""
    found = []
    for number in range(REQUESTS + 1):
        started = time.perf_counter()
        status_code, _, _ = get(web, path, {})
        took = (time.perf_counter() - started) * 1000
        if status_code != 200:
            raise RuntimeError(f"{path} answers {status_code}")
        found += [took] if number else []
    return found


def get(web: Web, path: str, headers: dict[str, str]) -> tuple[int, str, bytes]:
    """Status, ETag and body."""
    connection = http.client.HTTPConnection("127.0.0.1", web.port, timeout=30)
    connection.request("GET", path, headers=web.headers | headers)
    answer = connection.getresponse()
    found = answer.status, answer.headers.get("ETag", ""), answer.read()
    connection.close()
    return found


def visits(web: Web, chromium: Browser, path: str) -> tuple[list[float], list[float]]:
    """Milliseconds to the largest contentful paint, and from a key pressed as early as can be to the frame after it
    (none where the page has no filter)."""
    paints, keys = [], []
    for _ in range(VISITS):
        with visit(web, chromium) as page:
            page.goto(path, wait_until="domcontentloaded")
            field = page.locator("main input[type=search]").first
            if field.count():
                field.focus()
                page.evaluate(WATCH_KEY)
                page.keyboard.press("4")
                keys.append(float(page.evaluate("window.answered")))
        with visit(web, chromium) as page:
            page.goto(path, wait_until="load")
            paints.append(float(page.evaluate(LARGEST_PAINT)))
    return paints, keys


@contextmanager
def visit(web: Web, chromium: Browser) -> Iterator[Page]:
    """A page of a browser that knows nothing but who is signed in."""
    context = chromium.new_context(base_url=web.plane.url, viewport=WIDE, storage_state=web.state)
    yield context.new_page()
    context.close()


def scrolls(web: Web, chromium: Browser, path: str, viewport: ViewportSize) -> list[float]:
    """Percent of late frames, in each of some scrolls from top to end of a page that is kept up to date meanwhile."""
    found = []
    for _ in range(SCROLLS):
        with visit(web, chromium) as page:
            page.set_viewport_size(viewport)
            page.goto(path, wait_until="networkidle")
            found.append(late_percent(page))
    return found


def outages(web: Web, chromium: Browser) -> list[float]:
    """Milliseconds from the moment the control plane knows that a site is silent until it is red."""
    found: list[float] = []
    with visit(web, chromium) as page:
        page.goto("/")
        page.wait_for_selector("#fleet-live:not([hidden])")
        well = page.locator("[data-status=online]").evaluate_all("all => all.map(one => Number(one.dataset.site))")
        for device_id in well[:: len(well) // OUTAGES][:OUTAGES]:
            page.wait_for_timeout(137 * (len(found) + 1))  # at another moment between two questions each time
            silence(web, device_id)
            started = time.perf_counter()
            page.wait_for_selector(f"[data-site='{device_id}'].bad")
            found.append((time.perf_counter() - started) * 1000)
    return found


def silence(web: Web, device_id: int) -> None:
    """A device is overdue, and found to be by the service that looks for it."""
    now = datetime.now(UTC)
    with open_session(web.plane.sessions, ALL_TENANTS) as session:
        overdue = {"overdue_at": now - timedelta(seconds=1)}
        session.execute(sa.update(DeviceState).where(DeviceState.device_id == device_id).values(overdue))
        session.commit()
        status.mark_silent(session, now)


def cores(web: Web) -> float:
    """Of the web process and its database, while so many pages are open."""
    deadline = time.monotonic() + POLLED_SECONDS
    with ThreadPoolExecutor(OPEN_PAGES + 1) as pool:
        spent = processor_seconds(web)
        started = time.monotonic()
        pages = [pool.submit(poll, web, place, deadline) for place in range(OPEN_PAGES)]
        pool.submit(keep_changing, web, deadline).result()
        asked = sum(page.result() for page in pages)
        took = time.monotonic() - started
        spent = processor_seconds(web) - spent
    expected = math.floor(OPEN_PAGES * (POLLED_SECONDS / POLL_SECONDS - 2))
    if asked < expected:
        raise RuntimeError(f"the pages could ask {asked} times only, not {expected}: the server cannot keep up")
    return spent / took


def poll(web: Web, place: int, deadline: float) -> int:
    """One open page; gives how often it asked."""
    asked, etag = 0, ""
    time.sleep(POLL_SECONDS * place / OPEN_PAGES)  # the load is paced as browsers pace it: spread, and at intervals
    while time.monotonic() < deadline:
        status_code, fresh, _ = get(web, "/fleet/state", {"If-None-Match": etag, "HX-Request": "true"})
        if status_code not in (200, 304):
            raise RuntimeError(f"the state of the fleet is answered with {status_code}")
        asked, etag = asked + 1, fresh or etag
        time.sleep(POLL_SECONDS)
    return asked


def keep_changing(web: Web, deadline: float) -> None:
    """A site goes down or comes back, again and again."""
    device_id, words = web.plane.seeded.device_ids[0], [DeviceStatus.OFFLINE, DeviceStatus.ONLINE]
    while time.monotonic() < deadline:
        with open_session(web.plane.sessions, ALL_TENANTS) as session:
            change = sa.update(DeviceState).where(DeviceState.device_id == device_id)
            session.execute(change.values(status=words[0]))
            session.commit()
        words.reverse()
        time.sleep(CHANGE_SECONDS)  # sites change at their own pace


def processor_seconds(web: Web) -> float:
    """Of the web process, and of every process of its PostgreSQL, which is nobody's child."""
    port = sa.make_url(web.plane.app.extensions[KEY].settings.database_url).port
    heads = [
        each for each in psutil.process_iter(["cmdline"]) if ["-p", str(port)] == (each.info["cmdline"] or [])[3:5]
    ]
    database = [each for head in heads for each in (head, *head.children())]
    if not database:
        raise RuntimeError("the database's processes are not found")
    return sum(sum(each.cpu_times()[:2]) for each in (web.process, *database))
