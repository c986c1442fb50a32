"""What a run says: its events, and its output as Ansible prints it."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable

from flask import Response

from control_ui.models import Run
from control_ui.models.runs import FINAL_RUN_STATES
from control_ui.services import rows
from control_ui.services.errors import Fault, InvalidError
from control_ui.services.permissions import Permission
from control_ui.services.runs import output
from control_ui.views.api.operation import Api, Call
from control_ui.views.api.schemas.runs import EventOut, EventPage, EventQuery, OutputQuery
from control_ui.views.state import app_state

MOST_SLICES = 1000
api = Api("run_output", "runs")


@api.get("/runs/<int:run_id>/events", permission=Permission.FLEET_READ, query=EventQuery, returns=EventPage)
def list_events(call: Call, run_id: int, query: EventQuery) -> EventPage:
    """List the events of a run, slice by slice in their order.

    Who asks again with `next`, while there is one, misses none and sees none twice."""
    run = rows.fetch(call.session, Run, run_id, "run")
    ended = run.state in FINAL_RUN_STATES
    events, seen = output.after(call.session, run, _decoded(query.cursor), query.limit, query.host)
    more = not ended or len(events) == query.limit
    return EventPage(items=[EventOut.model_validate(event) for event in events], next=_encoded(seen) if more else None)


@api.get("/runs/<int:run_id>/output", permission=Permission.FLEET_READ, query=OutputQuery, media_types=("text/plain",))
def show_output(call: Call, run_id: int, query: OutputQuery) -> Response:
    """Show what Ansible printed: all of it, the last lines, or what is about one host."""
    run = rows.fetch(call.session, Run, run_id, "run")
    content: str | Iterable[str]
    if query.tail is not None:
        content = output.tail(call.session, run, query.host, query.tail)
    else:
        content = output.text(app_state().sessions, call.session.scope, run, query.host)
    response = Response(content, mimetype="text/plain")
    if query.download:
        response.headers.set("Content-Disposition", "attachment", filename=f"run-{run.id}.txt")
    return response


def _encoded(seen: dict[int, int]) -> str:
    return base64.urlsafe_b64encode(json.dumps(list(seen.items())).encode()).decode()


def _decoded(cursor: str | None) -> dict[int, int]:
    """Counters by slice. Raises InvalidError."""
    if cursor is None:
        return {}
    try:
        pairs = json.loads(base64.urlsafe_b64decode(cursor.encode()))
        seen = {int(slice_id): int(counter) for slice_id, counter in pairs}
        if len(seen) > MOST_SLICES or any(not 0 <= number < 2**63 for pair in seen.items() for number in pair):
            raise ValueError(cursor)
    except (ValueError, TypeError, RecursionError, OverflowError) as error:
        fault = Fault("query.cursor", "is not one that this list gave")
        raise InvalidError("the query is not valid", [fault]) from error
    return seen
