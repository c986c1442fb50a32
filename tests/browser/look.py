"""Takes pictures of pages: `python -m tests.browser.look DIRECTORY / /runs /configuration ...`.

Each page is taken at 1440 and at 390 pixels, in light and in dark, whole. `{device}`, `{run}`, `{deployment}` and
`{template}` in a path stand for one of each.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.browser.plane import NARROW, WIDE, browser, serve, signed_in

LOOKS = {"wide-light": (WIDE, "light"), "wide-dark": (WIDE, "dark"), "narrow-light": (NARROW, "light")}


def main(directory: Path, paths: list[str], email: str = "admin@blue-wave.test") -> None:
    directory.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as instance, serve(Path(instance)) as plane, browser() as chromium:
        seeded = plane.seeded
        ids = {
            "device": seeded.device_ids[0],
            "run": seeded.big_run_id,
            "deployment": seeded.running_deployment_id,
            "template": seeded.template_id,
        }
        for look, (viewport, scheme) in LOOKS.items():
            page = signed_in(chromium, plane, email, viewport=viewport, color_scheme=scheme)
            for path in paths:
                page.goto(path.format(**ids))
                page.wait_for_load_state("networkidle")
                name = path.strip("/").translate(str.maketrans("/?&={}", "------")) or "fleet"
                page.screenshot(path=directory / f"{name}-{look}.png", full_page=True)
            page.context.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
