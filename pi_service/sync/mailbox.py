"""Actions the control plane asks for: each carried out at most once, never late, always answered."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from pi_service import self_healing as healing
from pi_service.atomic_files import read_json, write_json
from pi_service.clock import parse_rfc3339, rfc3339
from pi_service.redaction import redact_text
from pi_service.self_healing import ActionError, Actions

log = logging.getLogger(__name__)

MOST_ACTIONS_PER_ANSWER = 20
MOST_REMEMBERED = 500
LONGEST_ID = 128
REMEMBER = timedelta(days=1)  # at least; else until the action has expired
STEPS = {
    "restart_stream": (healing.RESTART_STREAM,),
    "restart_units": (healing.RESTART_STREAM, healing.RESTART_API, healing.RESTART_AGENT),
    "reboot": (healing.REBOOT,),
}
DIAGNOSE = "diagnose"
Result = dict[str, Any]


@dataclass(frozen=True)
class _Request:
    """One valid entry of `actions[]`."""

    id: str
    kind: str
    expires_at: datetime


class Mailbox:
    """Remembers on disk which ids were taken, and the results until they have been delivered."""

    def __init__(self, path: Path, actions: Actions, diagnose: Callable[[], dict[str, Any]]) -> None:
        self._path = path
        self._actions = actions
        self._diagnose = diagnose
        self._taken: dict[str, str] = {}  # id -> until when it is remembered
        self._results: list[Result] = []
        try:
            document = read_json(path) or {"taken": {}, "results": []}
            taken = {str(name): rfc3339(parse_rfc3339(until)) for name, until in document["taken"].items()}
            self._results = [{**result, "id": str(result["id"])} for result in document["results"]]
            self._taken = taken
        except (OSError, ValueError, OverflowError, KeyError, TypeError, AttributeError) as error:
            log.error("%s cannot be read (%s): which actions were carried out is forgotten", path, error)

    def results(self) -> list[Result]:
        """`[{id, kind, result, detail, at}]` that have not been delivered. `result`: ok, failed, refused or started."""
        return list(self._results)

    def delivered(self, results: list[Result]) -> None:
        """These results have arrived. Raises OSError."""
        if results:
            self._results = [result for result in self._results if result not in results]
            self._save()

    def take(self, entries: Any, now: datetime) -> bool:
        """Carry out what is new and not expired at `now`. Returns whether there are results to deliver.

        Raises OSError where the disk takes no note: then nothing is carried out.
        """
        if not isinstance(entries, list):
            return False
        self._forget_expired(now)
        for entry in entries[:MOST_ACTIONS_PER_ANSWER]:
            self._take_one(entry, now)
        return bool(self._results)

    def _take_one(self, entry: Any, now: datetime) -> None:
        if (
            not isinstance(entry, dict)
            or not isinstance(entry.get("id"), str)
            or not 0 < len(entry["id"]) <= LONGEST_ID
        ):
            log.warning("the control plane asked for an action without a proper id: ignored")
            return
        if entry["id"] in self._taken:
            return
        if len(self._taken) >= MOST_REMEMBERED:
            log.warning("the control plane asks for more than %d actions a day: ignored", MOST_REMEMBERED)
            return
        try:
            request = _parsed(entry)
        except ValueError as error:
            self._remember(entry["id"], now + REMEMBER)
            self._answer(entry["id"], str(entry.get("kind")), "refused", str(error), now)
            return
        self._remember(request.id, max(request.expires_at, now + REMEMBER))
        if request.expires_at <= now:
            self._answer(request.id, request.kind, "refused", "it came after it had expired", now)
        else:
            self._carry_out(request, now)

    def _remember(self, name: str, until: datetime) -> None:
        self._taken[name] = rfc3339(until)

    def _carry_out(self, request: _Request, now: datetime) -> None:
        log.warning("carrying out %s for the control plane (%s)", request.kind, request.id)
        # Noted before the deed: a reboot must neither be forgotten nor repeated by the boot that follows.
        self._answer(request.id, request.kind, "started", "", now)
        try:
            detail = self._perform(request)
        except ActionError as error:
            self._answer(request.id, request.kind, "failed", str(error), now)
        else:
            self._answer(request.id, request.kind, "ok", detail, now)

    def _perform(self, request: _Request) -> Any:
        if request.kind == DIAGNOSE:
            return self._diagnose()
        for step in STEPS[request.kind]:
            self._actions.perform(step, f"asked for by the control plane ({request.id})")
        return ""

    def _answer(self, name: str, kind: str, result: str, detail: Any, now: datetime) -> None:
        detail = redact_text(detail) if isinstance(detail, str) else detail
        self._results = [earlier for earlier in self._results if earlier["id"] != name]
        self._results.append({"id": name, "kind": kind[:64], "result": result, "detail": detail, "at": rfc3339(now)})
        self._results = self._results[-MOST_REMEMBERED:]
        self._save()

    def _forget_expired(self, now: datetime) -> None:
        kept = {name: expires_at for name, expires_at in self._taken.items() if parse_rfc3339(expires_at) > now}
        if kept != self._taken:
            self._taken = kept
            self._save()

    def _save(self) -> None:
        write_json(self._path, {"taken": self._taken, "results": self._results})


def _parsed(entry: dict[str, Any]) -> _Request:
    kind, expires_at = entry.get("kind"), entry.get("expires_at")
    if kind not in (*STEPS, DIAGNOSE):
        raise ValueError(f"this Pi knows no action {str(kind)[:64]!r}; it knows {', '.join((*STEPS, DIAGNOSE))}")
    if not isinstance(expires_at, str):
        raise ValueError("it has no expires_at")
    try:
        return _Request(entry["id"], kind, parse_rfc3339(expires_at))
    except (ValueError, OverflowError) as error:
        raise ValueError(f"its expires_at {expires_at[:64]!r} is no RFC 3339 time") from error
