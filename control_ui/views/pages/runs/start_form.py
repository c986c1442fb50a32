"""The form that starts a run: what is in it, at first and when it comes back, and what that means."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import g, request

from control_ui.models import Run
from control_ui.models.scope import ScopedSession
from control_ui.services.devices import names
from control_ui.services.errors import Fault, InvalidError, NotFoundError, ServiceError
from control_ui.views.api.schemas.runs import MOST_FORKS
from control_ui.views.pages.form import Problems
from control_ui.views.pages.runs import variables
from control_ui.views.pages.runs.variables import Field
from control_ui.views.state import app_state

TARGETS = ("names", "group", "query", "failed", "all")
WHEN = ("now", "later", "repeat")
_LONGEST = {"names": 400_000, "query": 1000, "reason": 500, "name": 100, "cron": 100, "timezone": 64}
_FIELD_OF = {"device_ids": "names", "group_id": "group", "failed_of": "failed"}


@dataclass(frozen=True)
class StartForm:
    """Everything as text, as it is shown and sent. `target` says which of the fields after it counts."""

    target: str = "names"
    names: str = ""
    group: str = ""
    query: str = ""
    failed: str = ""
    tenant: str = ""
    forks: str = ""
    reason: str = ""
    when: str = "now"
    not_before: str = ""
    name: str = ""
    cron: str = ""
    timezone: str = ""
    values: dict[str, Any] = field(default_factory=dict)
    """Of the playbook's variables."""

    @classmethod
    def sent(cls, fields: list[Field]) -> StartForm:
        """As it was entered."""
        given = {name: request.form.get(name, "").replace("\x00", "")[: _LONGEST.get(name, 40)] for name in _TEXTS}
        return cls(**_sensible(given), values=variables.entered(fields, request.form))

    @classmethod
    def at_first(cls, session: ScopedSession, fields: list[Field], like: Run | None) -> StartForm:
        """What the address says, over what the run says that it is to be like."""
        values = {} if like is None else _of_run(session, like)
        given = {name: request.args.get(name, "").replace("\x00", "") for name in (*_TEXTS, "failed_of")}
        given["failed"] = given["failed"] or given.pop("failed_of")
        ids = [int(one) for one in request.args.getlist("device") if one.isdigit() and len(one) < 19]
        if ids:
            given["names"] = "\n".join(names.of_ids(session, ids))
        named = next((kind for kind in TARGETS if given.get(kind) or (kind == "all" and "all" in request.args)), "")
        defaults = {"forks": str(app_state().settings.ansible_forks), "timezone": g.person.timezone}
        chosen = {"target": given["target"] or named} if given["target"] or named else {}
        told = {name: text for name, text in given.items() if text and name in _TEXTS}
        of_run = {} if like is None else like.variables
        return cls(**_sensible(defaults | values | told | chosen), values=variables.prefilled(fields, of_run))

    def target_document(self, session: ScopedSession) -> dict[str, Any]:
        """As services/devices/targets.py takes it. Raises InvalidError."""
        if self.target == "all":
            return {"all": True}
        if self.target == "query":
            if not self.query.strip():
                raise InvalidError("the target is not valid", [Fault("$.target.query", "must not be empty")])
            return {"query": self.query}
        if self.target == "names":
            ids = names.ids_of(session, self.names)
            if not ids:
                raise InvalidError("no site is chosen", [Fault("$.target.names", "must name at least one site")])
            return {"device_ids": ids}
        number = _whole(self.group if self.target == "group" else self.failed)
        if number is None:
            words = "must be chosen" if self.target == "group" else "must be the number of a run"
            raise InvalidError("the target is not valid", [Fault(f"$.target.{self.target}", words)])
        return {"group_id" if self.target == "group" else "failed_of": number}

    def read_forks(self) -> int:
        """Raises InvalidError."""
        number = _whole(self.forks)
        if number is None or number > MOST_FORKS:
            fault = Fault("$.forks", f"must be a whole number from 1 to {MOST_FORKS}")
            raise InvalidError("the run is not valid", [fault])
        return number

    def read_not_before(self) -> datetime | None:
        """In the viewer's time zone. Raises InvalidError."""
        if self.when != "later":
            return None
        try:
            moment = datetime.fromisoformat(self.not_before)
            return moment.replace(tzinfo=ZoneInfo(g.person.timezone)).astimezone(UTC)
        except (ValueError, OverflowError) as error:
            fault = Fault("$.not_before", "must be a day and a time")
            raise InvalidError("the run is not valid", [fault]) from error


_TEXTS = tuple(name for name in StartForm.__dataclass_fields__ if name != "values")


def _sensible(given: dict[str, str]) -> dict[str, str]:
    target = given.get("target") if given.get("target") in TARGETS else "names"
    when = given.get("when") if given.get("when") in WHEN else "now"
    return given | {"target": str(target), "when": str(when)}


def _of_run(session: ScopedSession, run: Run) -> dict[str, str]:
    """Another run's target, hosts at a time and reason."""
    target = run.target
    found = {"forks": str(run.forks), "reason": run.reason, "tenant": str(run.tenant_id)}
    if target.get("all"):
        return found | {"target": "all"}
    for key, kind in (("group_id", "group"), ("query", "query"), ("failed_of", "failed")):
        if target.get(key):
            return found | {"target": kind, kind: str(target[key])}
    return found | {"target": "names", "names": "\n".join(names.of_ids(session, target.get("device_ids") or []))}


def _whole(text: str) -> int | None:
    text = text.strip()
    return int(text) if re.fullmatch(r"\d{1,18}", text, re.A) and int(text) > 0 else None


def problems_of(error: ServiceError, form: StartForm, fields: list[Field]) -> Problems:
    """What is wrong, at the fields of this form; of a variable, in words that say what to enter."""
    if isinstance(error, NotFoundError):
        words = error.detail[:1].upper() + error.detail[1:]
        return Problems("Something in it is not there.", {form.target: words})
    if not isinstance(error, InvalidError):
        return Problems.of(error)
    advice = {variables.PREFIX + one.name: one.advice for one in fields}
    found: dict[str, str] = {}
    for fault in error.faults:
        name = re.sub(r"\[\d+\]$", "", fault.path.removeprefix("$.")).removeprefix("target.")
        name = form.target if name in ("target", "") else _FIELD_OF.get(name, name)
        words = fault.message[:1].upper() + fault.message[1:] if name == "query" else f"It {fault.message}"
        found.setdefault(name, words if "credentials" in fault.message else advice.get(name, words))
    return Problems(error.detail[:1].upper() + error.detail[1:] + ".", found)
