"""Every address of a page there is: the rules of the app, filled in with rows of the seeded plane."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import product
from typing import Any

import sqlalchemy as sa
from playwright.sync_api import APIResponse
from werkzeug.routing import BuildError, MapAdapter, Rule

from control_ui.models import User
from control_ui.models.people import Role
from control_ui.models.scope import ALL_TENANTS, open_session
from control_ui.views.state import KEY
from tests.browser import every_row
from tests.browser.plane import Plane

BLUEPRINT = "pages."
PEOPLE = {"tenants_new": Role.PLATFORM_ADMIN, "tenants_edit": Role.PLATFORM_ADMIN, "login": None}
"""Who sees what an administrator of a tenant does not: somebody else, or nobody."""
OTHERWISE = {
    "administration": 303,
    "config_override_of": 303,
    "site_named": 303,
    "alert_runbook_address": 303,
    "site_picture": 503,
}
"""How those are answered that are no pages: some lead on to one, and no Pi is there to have a picture of."""
WORDS = {
    "what": ["put_in", "take_out", "pause", "resume", "disable", "enable"],
    "hand": ["pause", "resume", "cancel"],
}
"""Whichever of these a rule takes."""
QUERIES: dict[str, list[str]] = {
    "fleet": ["", "?view=table&q=oh+03", "?view=map", "?view=pictures&q=oh+03", "?q=nothing-like-this"],
    "fleet_run": ["?playbook=restart&ids={device_id}"],
    "run_new": ["", "?playbook=restart&device={device_id}"],
    "runs": ["", "?text=nothing-like-this"],
    "rollback_new": ["?device={device_id}"],
    "schedules_new": ["", "?playbook=restart"],
    "devices_list": ["?q=00"],
    "sites_list": ["?q=00"],
    "alerts": ["", "?state=all"],
    "alert_acknowledge": ["?id={alert_id}"],
    "config_deploy": ["?template={template_id}&to=region:west"],
    "config_preview": ["?device=blue-wave-001"],
    "config_override_of": ["?device=blue-wave-001"],
    "config_compare": [
        "?left=template:{template_id}&left_number=1&right=template:{template_id}",
        "?left=template:{template_id}&left_number=1&right=template:{template_id}&view=unified",
    ],
    "site_charts": ["", "?table=1"],
    "site_diagnostics": ["", "?run={site_diagnosis_run_id}"],
}
"""What an address is asked with: it is looked at once with each. `{device_id}` and the like stand for rows."""


@dataclass(frozen=True)
class Address:
    """One page as one person sees it."""

    endpoint: str
    path: str
    role: Role | None
    status: int


class CannotFillError(AssertionError):
    """There is a page that these tests do not know how to reach."""


def addresses(plane: Plane) -> list[Address]:
    """Of every rule that is answered to GET. Raises CannotFillError with the name of one that cannot be filled in."""
    state = plane.app.extensions[KEY]
    with open_session(plane.sessions, ALL_TENANTS) as session:
        person = session.scalars(sa.select(User).where(User.email == "admin@blue-wave.test")).one()
        now = datetime.now(UTC)
        values = every_row.fill(session, plane.seeded, state.settings, state.redis, person, now)
    known = {name.replace(".", "_"): value for name, value in values.items()}
    adapter = plane.app.url_map.bind("")
    return [
        Address(name, path + query.format_map(known), PEOPLE.get(name, Role.ADMIN), OTHERWISE.get(name, 200))
        for rule in plane.app.url_map.iter_rules()
        if rule.endpoint.startswith(BLUEPRINT) and "GET" in (rule.methods or ())
        for name in [rule.endpoint.removeprefix(BLUEPRINT)]
        for path in filled(adapter, rule, values)
        for query in QUERIES.get(name, [""])
    ]


def is_document(answer: APIResponse) -> bool:
    """Whether it is a page by itself: not a part of one, or a file."""
    return answer.text().lstrip().lower().startswith("<!doctype html>")


def filled(adapter: MapAdapter, rule: Rule, values: every_row.Values) -> list[str]:
    """Its paths: one for each combination of the values that its arguments may have."""
    name = rule.endpoint.removeprefix(BLUEPRINT)
    choices = {one: WORDS.get(one) or _listed(values.get(f"{name}.{one}", values.get(one))) for one in rule.arguments}
    paths = list(_built(adapter, rule, choices))
    if not paths:
        raise CannotFillError(f"{name} ({rule.rule}): give {sorted(rule.arguments)} values in every_row.py")
    return paths


def _built(adapter: MapAdapter, rule: Rule, choices: dict[str, list[Any]]) -> Iterator[str]:
    for combination in product(*choices.values()):
        given = dict(zip(choices, combination, strict=True))
        try:
            yield adapter.build(rule.endpoint, given, method="GET")
        except (BuildError, ValueError):  # not a word that this rule takes
            continue


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]
