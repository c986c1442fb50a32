"""Every page there is, in light and in dark, on a screen and on a telephone: nothing has to be remembered by who adds
one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Page, Route

from control_ui.models.people import Role
from control_ui.models.scope import ALL_TENANTS, open_session
from control_ui.services.actor import system
from control_ui.services.evidence import keys
from control_ui.views.state import KEY
from tests.browser.conftest import AXE, OpenPage, accessibility
from tests.browser.plane import NARROW, PICTURE, PICTURE_JSON, WIDE, Plane
from tests.browser.routes import Address, addresses, is_document


@pytest.fixture
def signing_key(plane: Plane) -> Iterator[None]:
    """For evidence packs; there is none otherwise."""
    path = plane.app.extensions[KEY].settings.signing_key_file
    with open_session(plane.sessions, ALL_TENANTS) as session:
        keys.generate(session, system("a test"), path, datetime.now(UTC))
    yield
    path.unlink()


@pytest.mark.usefixtures("signing_key")
def test_every_page_is_there_has_no_serious_barrier_in_either_theme_and_never_scrolls_sideways(
    plane: Plane, open_page: OpenPage
) -> None:
    found = [fault for page, address in walk(plane, open_page) for fault in faults(page, address)]
    assert not found, "\n" + "\n".join(found)


def walk(plane: Plane, open_page: OpenPage) -> Iterator[tuple[Page, Address]]:
    """Each address with a page of who may see it."""
    pages: dict[Role | None, Page] = {}
    for address in addresses(plane):
        if address.role not in pages:
            pages[address.role] = page = open_page("/account", address.role or Role.VIEWER)
            page.context.add_init_script(path=AXE)  # once for all its pages, not with each of them
            page.route("**/sites/*/picture", _answer)
            page.route("**/sites/*/picture.json", lambda route: route.fulfill(json=PICTURE_JSON))
            if address.role is None:
                page.context.clear_cookies()
        yield pages[address.role], address


def faults(page: Page, address: Address) -> Iterator[str]:
    """What is wrong with it, each with its name. Of what is no page by itself only whether it is there."""
    told = f"{address.endpoint} ({address.path})"
    answer = page.request.get(address.path, max_redirects=0)
    if answer.status != address.status:
        yield f"{told}: answered with {answer.status}: {answer.text()[:300]}"
    elif is_document(answer):
        yield from (f"{told}: {fault}" for fault in _looked_at(page, address.path))


def _looked_at(page: Page, path: str) -> Iterator[str]:
    """In dark only the contrasts are looked at again: nothing else depends on the theme."""
    page.set_viewport_size(WIDE)
    page.emulate_media(color_scheme="light")
    page.goto(path, wait_until="domcontentloaded")
    yield from accessibility(page)
    page.emulate_media(color_scheme="dark")
    yield from (f"dark: {fault}" for fault in accessibility(page, "color-contrast"))
    page.set_viewport_size(NARROW)
    if not page.evaluate("document.documentElement.scrollWidth <= innerWidth"):
        yield "scrolls sideways"


def _answer(route: Route) -> None:
    """For a camera."""
    route.fulfill(body=PICTURE, content_type="image/jpeg", headers={"X-Picture-Age-Seconds": "7.2"})
