"""The run history as CSV, JSON and HTML, each written piece by piece.

The columns are documented in docs/reports.md. They stay: new ones are added at the end.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, groupby
from operator import attrgetter
from typing import Any

from control_ui.services.reports import csv_text, html_pages, json_text
from control_ui.services.reports.afterwards import Rollback
from control_ui.services.reports.head import Head, local, utc
from control_ui.services.reports.run_history import Row

FORMAT = "run-history/1"
_MOMENTS = (
    "requested_at", "approved_at", "run_started_at", "run_finished_at", "started_at", "finished_at",
)  # fmt: skip
Value = Callable[["Row"], Any]


def _utc_of(name: str) -> Value:
    return lambda row: None if getattr(row, name) is None else utc(getattr(row, name))


def _local_of(name: str) -> Value:
    return lambda row: None if getattr(row, name) is None else local(getattr(row, name), row.zone)


def _same(*names: str) -> dict[str, Value]:
    return {name: attrgetter(name) for name in names}


COLUMNS: dict[str, Value] = {
    **_same("tenant", "run_id", "playbook", "check_mode", "run_state", "site", "host", "outcome"),
    **_same("reason", "requested_by", "approved_by"),
    **{f"{name}_{way}": of(name) for name in _MOMENTS for way, of in (("utc", _utc_of), ("local", _local_of))},
    "timezone": lambda row: row.zone.key,
    **_same(
        "duration_seconds", "config_version_before", "release_before", "config_version_given", "changes", "message"
    ),
    "rolled_back_by": lambda row: [_rollback(found) for found in row.rolled_back_by],
    **_same("rollback_of_run_id", "retry_of_run_id", "check_of_run_id", "deployment_id"),
    **_same("canceled_by", "run_error", "revision"),
}
"""In their order, each with the value that JSON has for it."""


def columns(row: Row) -> dict[str, Any]:
    """A row by its columns."""
    return {name: value(row) for name, value in COLUMNS.items()}


def as_csv(_head: Head, rows: Iterable[Row]) -> Iterator[str]:
    """One line a host; what changed is one cell."""
    return csv_text.lines(list(COLUMNS), (list(_cells(row)) for row in rows))


def as_json(head: Head, rows: Iterable[Row]) -> Iterator[str]:
    """`{"format", ..., "rows": [...]}`."""
    return json_text.document({"format": FORMAT, **head.document()}, "rows", map(columns, rows))


def as_html(head: Head, rows: Iterable[Row]) -> Iterator[str]:
    """A printable page, run by run."""
    return html_pages.page("run_history.html", head, runs=_by_run(rows), unified=unified, told=told)


def unified(change: dict[str, Any]) -> str:
    """A difference as text, in the unified form."""
    if "prepared" in change:
        return str(change["prepared"])
    before, after = (str(change.get(side, "")).splitlines(keepends=True) for side in ("before", "after"))
    old, new = (str(change.get(f"{side}_header", side)) for side in ("before", "after"))
    return "".join(_ended(line) for line in difflib.unified_diff(before, after, old, new))


def told(rollback: Rollback) -> str:
    """A later rollback in words."""
    at = f", {utc(rollback.at)}" if rollback.at else ""
    return f"{rollback.kind} {rollback.id} ({rollback.by}{at}, {rollback.state})"


def _cells(row: Row) -> Iterator[object]:
    for name, value in columns(row).items():
        if name == "changes":
            yield "\n".join(f"{change.get('task', '')}\n{unified(change)}" for change in row.changes)
        elif name == "rolled_back_by":
            yield "; ".join(map(told, row.rolled_back_by))
        else:
            yield value


def _rollback(rollback: Rollback) -> dict[str, Any]:
    at = None if rollback.at is None else utc(rollback.at)
    return {"kind": rollback.kind, "id": rollback.id, "by": rollback.by, "at_utc": at, "state": rollback.state}


def _by_run(rows: Iterable[Row]) -> Iterator[tuple[Row, Iterator[Row]]]:
    """The first row of each run, which tells of the run, and all of them."""
    for _, group in groupby(rows, key=lambda row: row.run_id):
        first = next(group)
        yield first, chain([first], group)  # noqa: B031  # the first was taken out, the others follow it


def _ended(line: str) -> str:
    return line if line.endswith("\n") else f"{line}\n"
