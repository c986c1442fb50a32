"""A control plane with a past, served by waitress on a free port of this machine, and a browser that is signed in."""

from __future__ import annotations

import base64
import secrets
import shutil
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask
from limits import RateLimitItemPerMinute
from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright
from waitress.server import create_server

from control_ui import create_app, database
from control_ui.models.scope import ALL_TENANTS, SessionFactory, open_session
from control_ui.services.people import passwords, sign_in_limits
from control_ui.settings import Settings
from control_ui.views.state import KEY
from tests.browser.seed import Seeded, seed
from tests.control_ui.people.cast import CHEAP, PASSWORD
from tests.control_ui.servers import Postgres, Redis, free_port

CHROMIUM = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
            "--disable-sync", "--no-first-run")  # fmt: skip
WIDE: ViewportSize = {"width": 1440, "height": 900}
NARROW: ViewportSize = {"width": 390, "height": 844}
PATIENCE_MS = 15_000
_PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
PICTURE = base64.b64decode(_PIXEL)
"""For a camera's."""
PICTURE_JSON = {
    "image": f"data:image/png;base64,{_PIXEL}",
    "age_seconds": 7.2,
    "captured_at": "2026-03-04T05:06:07Z",
    "stale": False,
}
"""The same as the wall of pictures asks for it."""


@dataclass(frozen=True)
class Plane:
    """The control plane under test."""

    url: str
    app: Flask
    sessions: SessionFactory
    seeded: Seeded


@contextmanager
def serve(directory: Path) -> Iterator[Plane]:
    """On PostgreSQL and Redis of its own; `directory` is its instance."""
    with ExitStack() as ends, pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_hasher", CHEAP)
        patch.setattr(sign_in_limits, "FROM_AN_ADDRESS", RateLimitItemPerMinute(1000, namespace="address"))
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
                "CARWASH_INSTANCE_DIR": str(directory),
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


@contextmanager
def browser() -> Iterator[Browser]:
    """Debian's Chromium, headless."""
    program = shutil.which("chromium")
    assert program, "this needs Chromium: `make test` installs it (apt-get install chromium)"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=list(CHROMIUM))
        yield chromium
        chromium.close()


def signed_in(chromium: Browser, plane: Plane, email: str, path: str = "/", **options: Any) -> Page:
    """A page of a new context, signed in through the form and at `path`. Close its context."""
    context = chromium.new_context(base_url=plane.url, timezone_id="Europe/Berlin", **options)
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    sign_in(page, email, path)
    return page


def sign_in(page: Page, email: str, path: str, password: str = PASSWORD) -> None:
    page.goto(f"/login?next={quote(path)}")
    page.fill("#email", email)
    page.fill("#password", password)
    page.click("main button")
    page.wait_for_url(lambda url: "/login" not in url)
