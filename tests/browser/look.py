"""Takes pictures of pages: `python -m tests.browser.look DIRECTORY [/ /runs /configuration ...]`.

Each page is taken at 1440 and at 390 pixels, in light and in dark, whole. `{device}`, `{run}`, `{deployment}` and
`{template}` in a path stand for one of each. Without a path: every page that an administrator of a tenant has.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page

from control_ui.models.people import Role
from tests.browser.plane import NARROW, WIDE, Plane, browser, serve, signed_in
from tests.browser.routes import addresses, is_document

LOOKS = {"wide-light": (WIDE, "light"), "wide-dark": (WIDE, "dark"), "narrow-light": (NARROW, "light")}


def main(directory: Path, paths: list[str], email: str = "admin@blue-wave.test") -> None:
    directory.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as instance, serve(Path(instance)) as plane, browser() as chromium:
        wanted = [filled(plane, path) for path in paths]
        for look, (viewport, scheme) in LOOKS.items():
            page = signed_in(chromium, plane, email, viewport=viewport, color_scheme=scheme)
            wanted = wanted or every_page(plane, page)
            for number, path in enumerate(wanted):
                page.goto(path)
                page.wait_for_load_state("networkidle")
                page.screenshot(path=directory / f"{number:03}-{named(path)}-{look}.png", full_page=True)
            page.context.close()


def filled(plane: Plane, path: str) -> str:
    seeded = plane.seeded
    return path.format(
        device=seeded.device_ids[0],
        run=seeded.big_run_id,
        deployment=seeded.running_deployment_id,
        template=seeded.template_id,
    )


def every_page(plane: Plane, page: Page) -> list[str]:
    mine = [one.path for one in addresses(plane) if one.role is Role.ADMIN and one.status == 200]
    return [path for path in mine if is_document(page.request.get(path))]


def named(path: str) -> str:
    return path.strip("/").translate(str.maketrans("/?&={}", "------"))[:80] or "fleet"


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
