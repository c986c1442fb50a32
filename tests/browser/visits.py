"""Pages of a control plane as its people open them: what goes wrong in the console, and what is asked for elsewhere, is
remembered."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Protocol

from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from tests.browser.plane import PATIENCE_MS, WIDE, sign_in
from tests.control_ui.people.cast import PASSWORD


class Visit(Protocol):
    """Opens a path in a browser of its own, signed in."""

    def __call__(self, path: str, email: str, *, password: str = PASSWORD, **options: Any) -> Page: ...


@contextmanager
def visits(chromium: Browser, home: str) -> Iterator[Visit]:
    """To the control plane at `home`. In the end the console must be without errors, and every request must have stayed
    on this machine."""
    wrong: list[str] = []
    expect.set_options(timeout=PATIENCE_MS)
    with ExitStack() as ends:

        def visit(path: str, email: str, *, password: str = PASSWORD, **options: Any) -> Page:
            options = {"viewport": WIDE, "timezone_id": "Europe/Berlin"} | options
            context = chromium.new_context(base_url=home, **options)
            ends.callback(context.close)
            context.on("page", lambda page: _watch(page, home, wrong))
            page = context.new_page()
            page.set_default_timeout(PATIENCE_MS)
            sign_in(page, email, path, password)
            return page

        yield visit
    assert not wrong, f"the console has errors, or something was asked for elsewhere: {'; '.join(wrong)}"


def _watch(page: Page, home: str, wrong: list[str]) -> None:
    page.on("console", lambda message: wrong.extend(_faults(message)))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("request", lambda request: wrong.extend(_elsewhere(request.url, home)))


def _faults(message: ConsoleMessage) -> list[str]:
    """Errors; but Chromium takes a form that comes back with what is wrong in it for one, too."""
    form_again = re.search(r"status of (409|412|422) ", message.text)
    return [message.text] if message.type == "error" and not form_again else []


def _elsewhere(url: str, home: str) -> list[str]:
    return [] if url.startswith((f"{home}/", "data:", "blob:")) else [f"asked for {url}"]
