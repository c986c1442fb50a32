"""How smoothly a page scrolls: every frame of a scroll from its top to its end, and how long each was."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page, ViewportSize

from tests.browser.plane import NARROW, WIDE

STEP_PIXELS = 60
"""A frame: 3,600 pixels a second at 60 frames, a brisk flick of the wheel."""
LATE_MS = 33.4
"""A frame that took longer than two of 60 a second is seen as a jerk."""
SCROLL = """(step) => new Promise((done) => {
    const rest = (box) => box.scrollHeight - box.clientHeight;
    const boxes = [document.scrollingElement, ...document.querySelectorAll("main .scroll, main .fleet-table-box")];
    const box = boxes.reduce((most, one) => rest(one) > rest(most) ? one : most);
    const frames = [];
    let before = 0;
    const next = (now) => {
        if (before) frames.push(now - before);
        before = now;
        box.scrollTop += step;
        if (box.scrollTop >= rest(box) - 1) done({frames, pixels: box.scrollTop});
        else requestAnimationFrame(next);
    };
    requestAnimationFrame(next);
})"""


def longest(run_id: int) -> dict[str, tuple[str, ViewportSize]]:
    """The pages that have most to scroll through, each with the window in which it is longest."""
    return {
        "fleet grid on a telephone": ("/", NARROW),
        "fleet table": ("/?view=table", WIDE),
        "run on a telephone": (f"/runs/{run_id}", NARROW),
    }


def late_percent(page: Page) -> float:
    """Of the frames of one scroll through the page, or through its longest box, how many were late. Raises
    RuntimeError where there is next to nothing to scroll."""
    told: dict[str, Any] = page.evaluate(SCROLL, STEP_PIXELS)
    if told["pixels"] < 3 * STEP_PIXELS:
        raise RuntimeError(f"{page.url} is not longer than the window: nothing was scrolled")
    frames: list[float] = told["frames"]
    return 100.0 * sum(frame > LATE_MS for frame in frames) / len(frames)
