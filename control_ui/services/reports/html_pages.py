"""Reports as HTML: one file each, with its style inside, so that it looks alike here, downloaded, printed, and in an
evidence pack. No script, nothing to load.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from control_ui.services.reports.head import Head, local, utc

TEMPLATES = Path(__file__).resolve().parents[2] / "templates" / "reports"
STYLE = (TEMPLATES / "report.css").read_text()
_environment = Environment(
    loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)


def page(template: str, head: Head, **values: Any) -> Iterator[str]:
    """The page, piece by piece, as its values are taken from what may be long iterators."""
    return _environment.get_template(template).generate(head=head, style=Markup(STYLE), **values)  # noqa: S704  # our own file


def content_security_policy() -> str:
    """What a browser may do with such a page: apply this very style, and nothing else."""
    digest = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


def _both(moment: datetime | None, zone: ZoneInfo) -> str:
    """In UTC, and as the clocks at the tenant's show it."""
    return "" if moment is None else f"{utc(moment)} ({local(moment, zone)})"


def _seconds(seconds: float | None) -> str:
    """`3 d 4:05:06`, `0:00:07.2`: as exact as it is useful."""
    if seconds is None:
        return ""
    whole, fraction = divmod(round(seconds, 1), 1)
    days, rest = divmod(int(whole), 86_400)
    clock = f"{rest // 3600}:{rest // 60 % 60:02}:{rest % 60:02}" + (f".{fraction * 10:.0f}" if whole < 60 else "")
    return f"{days} d {clock}" if days else clock


_environment.filters |= {"both": _both, "duration": _seconds, "utc": utc, "local": local}
