"""What Ansible printed: its end, followed live; words found in all of it; and the whole as a file."""

from __future__ import annotations

import re
from collections.abc import Sequence

from flask import Response, render_template, request

from control_ui.models import Run
from control_ui.models.runs import FINAL_RUN_STATES
from control_ui.services import rows
from control_ui.services.permissions import Permission
from control_ui.services.runs import live_output, output
from control_ui.services.runs.live_output import Piece
from control_ui.views import file_response
from control_ui.views.api.operation import LARGEST_ID, Call
from control_ui.views.pages.page import Answer, page
from control_ui.views.pages.runs.one import NEAR_END_EVENTS, compact
from control_ui.views.state import app_state

PIECES_AT_ONCE = 1000
MOST_FOUND = 500
MOST_SLICES = 1000
_SEEN = re.compile(r"(\d{1,19})-(\d{1,19})")


@page("/runs/<int:run_id>/lines", permission=Permission.FLEET_READ)
def run_lines(call: Call, run_id: int) -> Answer:
    """What was printed since `after`, or the end of it: `{lines: [[slice, text], ...], next, ended}`. Who goes on with
    `next` misses none and sees none twice."""
    run = rows.fetch(call.session, Run, run_id, "run")
    ended = run.state in FINAL_RUN_STATES
    given = request.args.get("after")
    seen = live_output.near_end(call.session, run, NEAR_END_EVENTS) if given is None else _seen(given)
    pieces = live_output.on_from(call.session, run, seen, PIECES_AT_ONCE)
    for piece in pieces:
        seen[piece.slice_id] = piece.counter
    lines = [[piece.slice_number, piece.stdout] for piece in pieces if piece.stdout]
    over = ended and len(pieces) < PIECES_AT_ONCE
    return compact({"lines": lines, "next": ".".join(f"{one}-{at}" for one, at in seen.items()), "ended": over})


@page("/runs/<int:run_id>/output", permission=Permission.FLEET_READ)
def run_output(call: Call, run_id: int) -> Answer:
    """Its end, or where certain words are; of all hosts or of one."""
    run = rows.fetch(call.session, Run, run_id, "run")
    find, host = (request.args.get(name, "").replace("\x00", "")[:100] for name in ("find", "host"))
    if find or host:
        pieces: Sequence[Piece] = live_output.find(call.session, run, find, host or None, MOST_FOUND)
    else:
        pieces = live_output.last_of(call.session, run, NEAR_END_EVENTS)
    return render_template(
        "runs/output.html", run=run, find=find, host=host, pieces=pieces, full=len(pieces) == MOST_FOUND
    )


@page("/runs/<int:run_id>/output.txt", permission=Permission.FLEET_READ)
def run_output_file(call: Call, run_id: int) -> Response:
    """All of it, or of one host, as a file."""
    run = rows.fetch(call.session, Run, run_id, "run")
    host = request.args.get("host", "").replace("\x00", "")[:100] or None
    call.session.commit()  # what follows reads in transactions of its own, which SQLite would have wait for this one
    text = output.text(app_state().sessions, call.session.scope, run, host)
    name = f"run-{run.id}.txt" if host is None else f"run-{run.id}-{re.sub(r'[^A-Za-z0-9._-]', '-', host)}.txt"
    return file_response.of_pieces(text, file_name=name, media_type="text/plain; charset=utf-8", download=True)


def _seen(text: str) -> dict[int, int]:
    """Counters by slice; what is not one is left out, and read once more."""
    pairs = [(int(one), int(at)) for one, at in _SEEN.findall(text)][:MOST_SLICES]
    return {one: at for one, at in pairs if max(one, at) <= LARGEST_ID}
