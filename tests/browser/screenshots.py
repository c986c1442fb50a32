"""The pictures of the README: `make screenshots` takes them of a control plane with a past."""

from __future__ import annotations

import tempfile
from pathlib import Path

from playwright.sync_api import Browser, ViewportSize

from tests.browser.plane import NARROW, WIDE, Plane, browser, serve, signed_in

IMAGES = Path(__file__).parents[2] / "docs/images"
WHO = "operator@blue-wave.test"


def main() -> None:
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as instance, serve(Path(instance)) as plane, browser() as chromium:
        take(chromium, plane, "/", "ui-fleet", WIDE)
        take(chromium, plane, f"/deployments/{plane.seeded.running_deployment_id}", "ui-deployment-narrow", NARROW)


def take(chromium: Browser, plane: Plane, path: str, name: str, viewport: ViewportSize) -> None:
    """What is seen without scrolling, at the width of `viewport` and twice as sharp on a telephone."""
    sharp = 2 if viewport is NARROW else 1
    page = signed_in(chromium, plane, WHO, path, viewport=viewport, color_scheme="light", device_scale_factor=sharp)
    page.wait_for_load_state("networkidle")
    page.screenshot(path=IMAGES / f"{name}.png")
    page.context.close()


if __name__ == "__main__":
    main()
