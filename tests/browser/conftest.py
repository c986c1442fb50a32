"""After each test the console must be without errors, and every request must have stayed on this machine."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page

from control_ui.models.people import Role
from tests.browser.plane import PATIENCE_MS, WIDE, Plane, browser, serve, sign_in

AXE = Path(__file__).parents[2] / "node_modules/axe-core/axe.min.js"
OpenPage = Callable[..., Page]


@pytest.fixture(scope="session")
def plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plane]:
    """One for all tests of this folder: what a test changes, it changes for itself (a device, a template)."""
    with serve(tmp_path_factory.mktemp("instance")) as plane:
        yield plane


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with browser() as chromium:
        yield chromium


@pytest.fixture
def open_page(plane: Plane, chromium: Browser) -> Iterator[OpenPage]:
    """Opens a path as a person of some role: `open_page("/", Role.VIEWER, viewport=NARROW)`."""
    contexts: list[BrowserContext] = []
    wrong: list[str] = []

    def open_(path: str, role: Role = Role.OPERATOR, viewport: Any = WIDE, email: str = "", **options: Any) -> Page:
        context = chromium.new_context(viewport=viewport, base_url=plane.url, timezone_id="Europe/Berlin", **options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.on("console", lambda message: wrong.extend(_faults(message)))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("request", lambda request: wrong.extend(_elsewhere(request.url, plane.url)))
        sign_in(page, email or f"{role}@blue-wave.test", path)
        return page

    yield open_
    for context in contexts:
        context.close()
    assert wrong == [], "the console has errors, or something was asked for elsewhere"


def _faults(message: ConsoleMessage) -> list[str]:
    """Errors; but Chromium takes a form that comes back with what is wrong in it for one, too."""
    form_again = re.search(r"status of (409|412|422) ", message.text)
    return [message.text] if message.type == "error" and not form_again else []


def _elsewhere(url: str, home: str) -> list[str]:
    return [] if url.startswith((home, "data:", "blob:")) else [f"asked for {url}"]


def accessibility(page: Page, *rules: str) -> list[str]:
    """What axe finds serious or critical on the page as it is now, by all its rules or by these: rule, and where."""
    if page.evaluate("typeof axe") == "undefined":
        page.evaluate(AXE.read_text())  # not as a script of the page, which its policy would refuse
    options = {"resultTypes": ["violations"], "preload": False} | ({"runOnly": list(rules)} if rules else {})
    report = page.evaluate("options => axe.run(document, options)", options)
    return [
        f"{found['id']}: {json.dumps([node['target'] for node in found['nodes']][:3])}"
        for found in report["violations"]
        if found["impact"] in ("serious", "critical")
    ]
