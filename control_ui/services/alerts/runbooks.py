"""The runbook an alert names: a page elsewhere, or one of those that come with the software."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from control_ui.services.errors import NotFoundError

FOLDER = "docs/runbooks"
_LOCAL = re.compile(r"(?:.*/)?docs/runbooks/([A-Za-z0-9][A-Za-z0-9_-]{0,99})\.md(?:#.*)?")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")
_HARMLESS = re.compile(r"[^\x00-\x20\x7f\"'<>\\]{1,2000}")


@dataclass(frozen=True)
class Runbook:
    """Where to read on. `name` is that of one that is here, `url` the address of one elsewhere; with neither,
    `written` is all there is, and no link is made of it."""

    written: str
    name: str = ""
    url: str = ""


def of(annotations: dict[str, Any], repository: Path) -> Runbook | None:
    """What the alert's `runbook_url` says. Alerts come from outside: only http and https become a link."""
    written = str(annotations.get("runbook_url", "")).strip()
    if not written:
        return None
    local = _LOCAL.fullmatch(written)
    if local and (repository / FOLDER / f"{local[1]}.md").is_file():
        return Runbook(written, name=local[1])
    return Runbook(written, url=written if _is_safe(written) else "")


def read(name: str, repository: Path) -> str:
    """The text of a runbook that is here. Raises NotFoundError."""
    path = repository / FOLDER / f"{name}.md"
    if not _NAME.fullmatch(name) or not path.is_file():
        raise NotFoundError(f"there is no runbook {name}")
    return path.read_text()


def _is_safe(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and bool(_HARMLESS.fullmatch(url))
