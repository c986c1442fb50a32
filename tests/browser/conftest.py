"""A control plane with a past, served by waitress, and Debian's Chromium looking at it.

After each test the console must be without errors, and every request must have stayed on this machine.
"""

from __future__ import annotations

import json
import secrets
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from waitress.server import create_server

from control_ui import create_app, database
from control_ui.models.people import Role
from control_ui.models.scope import ALL_TENANTS, SessionFactory, open_session
from control_ui.services.people import passwords
from control_ui.settings import Settings
from control_ui.views.state import KEY
from tests.browser.seed import Seeded, seed
from tests.control_ui.people.cast import CHEAP, PASSWORD
from tests.control_ui.servers import Postgres, Redis, free_port

AXE = Path(__file__).parents[2] / "node_modules/axe-core/axe.min.js"
CHROMIUM = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
            "--disable-sync", "--no-first-run")  # fmt: skip
WIDE = {"width": 1440, "height": 900}
NARROW = {"width": 390, "height": 844}


@dataclass(frozen=True)
class Plane:
    """The control plane under test."""

    url: str
    app: Flask
    sessions: SessionFactory
    seeded: Seeded


@pytest.fixture(scope="session")
def plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plane]:
    """One for all tests of this folder: what a test changes, it changes for itself (a device, a template)."""
    with ExitStack() as ends, pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_hasher", CHEAP)
        postgres = Postgres()
        ends.callback(postgres.stop)
        redis = Redis()
        ends.callback(redis.stop)
        port = free_port()
        settings = Settings.from_environment(
            {
                "DATABASE_URL": postgres.url(),
                "REDIS_URL": redis.url,
                "SECRET_KEY": secrets.token_urlsafe(48),
                "CARWASH_INSTANCE_DIR": str(tmp_path_factory.mktemp("instance")),
                "CARWASH_PUBLIC_URL": f"http://127.0.0.1:{port}",
                "CARWASH_COOKIE_SECURE": "0",
            }
        )
        database.upgrade(settings.database_url)
        app = create_app(settings)
        state = app.extensions[KEY]
        ends.callback(state.redis.close)
        ends.callback(state.sessions.kw["bind"].dispose)
        with open_session(state.sessions, ALL_TENANTS) as session:
            seeded = seed(session, datetime.now(UTC))
        server = create_server(app, listen=f"127.0.0.1:{port}", threads=16)
        threading.Thread(target=server.run, daemon=True).start()
        ends.callback(server.close)
        yield Plane(f"http://127.0.0.1:{port}", app, state.sessions, seeded)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    program = shutil.which("chromium")
    assert program, "these tests need Chromium: `make test` installs it (apt-get install chromium)"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(CHROMIUM))
        yield browser
        browser.close()


OpenPage = Callable[..., Page]


@pytest.fixture
def open_page(plane: Plane, chromium: Browser) -> Iterator[OpenPage]:
    """Opens a path as a person of some role: `open_page("/", Role.VIEWER, viewport=NARROW)`."""
    contexts: list[BrowserContext] = []
    wrong: list[str] = []

    def open_(path: str, role: Role = Role.OPERATOR, viewport: Any = WIDE, email: str = "", **options: Any) -> Page:
        context = chromium.new_context(viewport=viewport, base_url=plane.url, timezone_id="Europe/Berlin", **options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("console", lambda message: wrong.extend([message.text] if message.type == "error" else []))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("request", lambda request: wrong.extend(_elsewhere(request.url, plane.url)))
        page.goto(f"/login?next={path}")
        page.fill("#email", email or f"{role}@blue-wave.test")
        page.fill("#password", PASSWORD)
        page.click("main button")
        page.wait_for_url(lambda url: "/login" not in url)
        return page

    yield open_
    for context in contexts:
        context.close()
    assert wrong == [], "the console has errors, or something was asked for elsewhere"


def _elsewhere(url: str, home: str) -> list[str]:
    return [] if url.startswith((home, "data:", "blob:")) else [f"asked for {url}"]


def accessibility(page: Page) -> list[str]:
    """What axe finds serious or critical on the page as it is now: rule, and where."""
    if page.evaluate("typeof axe") == "undefined":
        page.evaluate(AXE.read_text())  # not as a script of the page, which its policy would refuse
    report = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{found['id']}: {json.dumps([node['target'] for node in found['nodes']][:3])}"
        for found in report["violations"]
        if found["impact"] in ("serious", "critical")
    ]
