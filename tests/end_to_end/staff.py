"""The people who use the control plane in a browser, and how they get about in it."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Locator, Page, expect

from control_ui.models.people import Role
from tests.browser.visits import Visit
from tests.end_to_end.conftest import TENANT, World

MOST_KEYSTROKES = 120
MARK = "mark of this document"


@dataclass(frozen=True)
class Staff:
    """One person of each role that is asked for, signed in when they are first needed."""

    world: World
    visit: Visit

    def sign_in(self, role: Role, path: str = "/") -> Page:
        """A new account of this role, at `path` in a browser of its own."""
        email, password = f"{role}-{secrets.token_hex(3)}@washworld.test", secrets.token_urlsafe(15)
        words = ["users", "create", "--email", email, "--role", str(role), "--tenant", TENANT, "--password-stdin"]
        self.world.plane.command(*words, stdin=password)
        return self.visit(path, email, password=password)


def mark(page: Page) -> None:
    """Remember the document that is shown, to see later that it was never loaded anew."""
    page.evaluate("words => { window.marked = words }", MARK)


def is_marked(page: Page) -> bool:
    return bool(page.evaluate("words => window.marked === words", MARK))


def tab_to(page: Page, wanted: Locator) -> None:
    """Press Tab until the focus is there, as somebody without a mouse does."""
    for _ in range(MOST_KEYSTROKES):
        page.keyboard.press("Tab")
        if wanted.evaluate("element => element === document.activeElement"):
            return
    raise AssertionError(f"{wanted} is not reached within {MOST_KEYSTROKES} steps of the Tab key")


def ended(page: Page, state: str, seconds: float) -> None:
    """The page of a deployment says, without being loaded anew, that it ended so."""
    tag = page.locator("#deployment-head .page-head > .tag")
    expect(tag).to_have_text(state, timeout=seconds * 1000)


def by_itself(page: Page, do: Callable[[], object], seen: Locator, seconds: float = 60) -> None:
    """Do something behind the page's back, and see it appear there without loading the page anew."""
    mark(page)
    do()
    expect(seen).to_be_visible(timeout=seconds * 1000)
    assert is_marked(page)
