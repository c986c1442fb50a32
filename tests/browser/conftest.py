"""After each test the console must be without errors, and every request must have stayed on this machine."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from control_ui.models.people import Role
from tests.browser.plane import Plane, serve
from tests.browser.visits import visits

AXE = Path(__file__).parents[2] / "node_modules/axe-core/axe.min.js"
OpenPage = Callable[..., Page]


@pytest.fixture(scope="session")
def plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plane]:
    """One for all tests of this folder: what a test changes, it changes for itself (a device, a template)."""
    with serve(tmp_path_factory.mktemp("instance")) as plane:
        yield plane


@pytest.fixture
def open_page(plane: Plane, chromium: Browser) -> Iterator[OpenPage]:
    """Opens a path as a person of some role: `open_page("/", Role.VIEWER, viewport=NARROW)`."""
    with visits(chromium, plane.url) as visit:

        def open_(path: str, role: Role = Role.OPERATOR, email: str = "", **options: Any) -> Page:
            return visit(path, email or f"{role}@blue-wave.test", **options)

        yield open_


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
