"""What watches the pages of every browser test does see."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from tests.browser.plane import Plane
from tests.browser.visits import visits


def evaluate_in_second_tab(plane: Plane, chromium: Browser, script: str) -> None:
    with visits(chromium, plane.url) as visit:
        tab = visit("/account", "viewer@blue-wave.test", bypass_csp=True).context.new_page()
        tab.goto("/account")
        tab.evaluate(script)


def test_an_error_in_the_console_of_any_tab_fails_the_visit(plane: Plane, chromium: Browser) -> None:
    with pytest.raises(AssertionError, match=r"the console has errors.*something broke"):
        evaluate_in_second_tab(plane, chromium, "console.error('something broke')")


def test_what_is_asked_for_elsewhere_fails_the_visit(plane: Plane, chromium: Browser) -> None:
    with pytest.raises(AssertionError, match="asked for http://localhost:9/"):
        evaluate_in_second_tab(plane, chromium, "fetch('http://localhost:9/').catch(() => null)")
