"""What every page's template may use: who looks at it, the sections, and how times and states are written."""

from __future__ import annotations

import functools
import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from flask import Flask, Response, current_app, g, request, url_for
from markupsafe import Markup

from control_ui.models import User
from control_ui.services.actor import Actor
from control_ui.services.permissions import Permission
from control_ui.views import login_session

A_YEAR_SECONDS = 365 * 24 * 3600
THEMES = ("light", "dark")

TONES = {
    "good": ("online", "ok", "succeeded", "applied", "resolved", "approved", "open", "active", "changed", "healed"),
    "warn": (
        "degraded",
        "partial",
        "paused",
        "waiting",
        "unreachable",
        "held",
        "proposed",
        "warning",
        "expired",
        "interrupted",
        "rolled_back",
        "not_healed",
    ),
    "bad": (
        "offline",
        "failed",
        "lost",
        "rollback_failed",
        "rejected",
        "firing",
        "critical",
        "refused",
        "error",
        "escalated",
    ),
    "busy": ("running", "queued", "delivering", "in_flight", "rolling_back"),
}
"""By tone, the states that have it. What is in none of them is neither good nor bad: `none`."""
_TONE_OF = {state: tone for tone, states in TONES.items() for state in states}


@dataclass(frozen=True)
class Section:
    """An entry of the side bar. `name` is that of its folder among the templates, and of its icon."""

    name: str
    label: str
    endpoint: str
    permission: Permission


SECTIONS = (
    Section("fleet", "Fleet", "pages.fleet", Permission.FLEET_READ),
    Section("deployments", "Deployments", "pages.deployments", Permission.FLEET_READ),
    Section("runs", "Runs", "pages.runs", Permission.FLEET_READ),
    Section("configuration", "Configuration", "pages.templates", Permission.FLEET_READ),
    Section("alerts", "Alerts", "pages.alerts", Permission.FLEET_READ),
    Section("service", "Service", "pages.service", Permission.FLEET_READ),
    Section("audit", "Audit", "pages.audit", Permission.AUDIT_READ),
    Section("administration", "Administration", "pages.administration", Permission.FLEET_READ),
)
WITHIN = {"site": "fleet"}
"""A folder whose pages belong to the section of another."""


def register(app: Flask) -> None:
    app.add_template_filter(moment)
    app.add_template_filter(ago)
    app.add_template_filter(words)
    app.add_template_filter(tag)
    app.add_template_filter(tone)
    app.context_processor(_frame)
    app.after_request(_keep_assets)


def _frame() -> dict[str, Any]:
    """The person is nobody on pages that are open to all."""
    person: User | None = g.get("person")
    theme = request.cookies.get("theme", "")
    return {
        "person": person,
        "tenant_entered": login_session.tenant() if person else None,
        "sections": [section for section in SECTIONS if may(section.permission)],
        "here": WITHIN.get(g.get("section", ""), g.get("section", "")),
        "theme": theme if theme in THEMES else "",
        "in_dialog": in_dialog(),
        "may": may,
        "asset": asset,
    }


def may(permission: str) -> bool:
    """Whether who looks at this page may do that: `may("fleet:operate")`."""
    actor: Actor | None = g.get("actor")
    return actor is not None and Permission(permission) in actor.permissions


def in_dialog() -> bool:
    """Whether the page is to be shown in the dialog of another one."""
    return request.headers.get("HX-Target") == "dialog-content"


def asset(name: str) -> str:
    """The address of a static file, which changes with its content: it may be kept for ever."""
    return url_for("static", filename=name, v=_fingerprint(Path(current_app.root_path, "static", name)))


@functools.cache
def _fingerprint(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


def _keep_assets(response: Response) -> Response:
    if request.endpoint == "static" and "v" in request.args and response.status_code == 200:
        response.headers["Cache-Control"] = f"public, max-age={A_YEAR_SECONDS}, immutable"
    return response


def moment(at: datetime | None, timezone: str | None = None) -> str | Markup:
    """`2026-03-04 05:06 CET`, in the viewer's time zone or in that of a site."""
    if at is None:
        return "never"
    return Markup('<time datetime="{}">{}</time>').format(_utc(at), _local(at, timezone))


def ago(at: datetime | None) -> str | Markup:
    """`3 min ago`, kept true by the page, with the moment itself as its title."""
    if at is None:
        return "never"
    local = _local(at)  # a list has hundreds of these: format() of Markup takes ten times as long
    return Markup(f'<time datetime="{_utc(at)}" title="{local}" data-ago>{local}</time>')  # noqa: S704  # digits


def words(state: object) -> str:
    """A state or role as people say it."""
    return str(state).replace("_", " ")


def tone(state: object) -> str:
    """`good`, `warn`, `bad`, `busy` or `none`: which colour and mark a state has, the same on every page."""
    return _TONE_OF.get(str(state).replace(" ", "_"), "none")


def tag(state: object, label: str = "") -> Markup:
    """A state as a word with its mark."""
    return Markup('<span class="tag {}"><span class="mark" aria-hidden="true"></span>{}</span>').format(
        tone(state), label or words(state)
    )


def _local(at: datetime, timezone: str | None = None) -> str:
    person: User | None = g.get("person")
    zone = ZoneInfo(timezone or (person.timezone if person else "UTC"))
    return at.astimezone(zone).strftime("%Y-%m-%d %H:%M %Z")


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
