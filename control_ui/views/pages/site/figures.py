"""Measured values as people write them. static/js/site_charts.js writes them on axes by the same rules."""

from __future__ import annotations

_STEP = 1000.0
_WHOLE_FROM = 100.0


def figure(value: float | None, unit: str) -> str:
    """`43 %`, `61.2 °C`, `1.3 MB/s`; a dash for what was not measured."""
    if value is None:
        return "-"
    if unit == "B/s":
        return _bytes(value)
    return f"{_short(value)} {unit}".rstrip()


def _bytes(value: float) -> str:
    for unit in ("B/s", "kB/s", "MB/s"):
        if abs(value) < _STEP:
            return f"{value:.0f} B/s" if unit == "B/s" else f"{_short(value)} {unit}"
        value /= _STEP
    return f"{_short(value)} GB/s"


def _short(value: float) -> str:
    """Three digits at most; `40`, not `40.0`."""
    return f"{value:.0f}" if abs(value) >= _WHOLE_FROM else f"{value:.1f}".removesuffix(".0")
