"""What can be run on the sites that were chosen: it is asked first, and says on how many. Deploying to them is a dialog
of the configurations' pages."""

from __future__ import annotations

from typing import Any

from flask import render_template, request
from pydantic import ValidationError

from control_ui.services.errors import InvalidError, NotFoundError
from control_ui.services.fleet import selection
from control_ui.services.fleet.selection import Selection
from control_ui.services.permissions import Permission
from control_ui.services.runs import requests
from control_ui.services.runs.catalogue import Playbook, catalogue
from control_ui.views.api.operation import LARGEST_ID, Call
from control_ui.views.api.schemas.runs import RunIn
from control_ui.views.pages.form import Problems
from control_ui.views.pages.page import Answer, done, page
from control_ui.views.state import app_state
from control_ui.work_queue import DISPATCH

PLAYBOOKS = {"restart": "Restart", "update_os": "Update the system of", "diagnose": "Diagnose"}
"""What is offered for many sites at once, and the verb before their number. The runs' own page has them all."""
REASON = "It must be 2,000 characters at most"


@page("/fleet/run", permission=Permission.FLEET_OPERATE)
def fleet_run(call: Call) -> Answer:
    """What would be run on the chosen sites."""
    playbook = _playbook(request.args.get("playbook", ""))
    return _run_form(playbook, selection.choose(call.session, _ids(request.args.getlist("ids"))), Problems(), {})


@page("/fleet/run", methods=("POST",), permission=Permission.FLEET_OPERATE)
def fleet_run_start(call: Call) -> Answer:
    """Ask for the run."""
    given = request.form
    playbook = _playbook(given.get("playbook", ""))
    chosen = selection.choose(call.session, _ids(given.getlist("ids")))
    try:
        asked = RunIn.model_validate(
            {
                "playbook": playbook.name,
                "target": {"device_ids": chosen.ids},
                "check_mode": "check_mode" in given,
                "reason": given.get("reason", "").strip(),
            }
        )
        wanted = requests.RunRequest(
            asked.playbook, asked.target.chosen, check_mode=asked.check_mode, reason=asked.reason
        )
        run = requests.request(call.session, call.actor, wanted, call.now)
    except ValidationError as error:
        return _run_form(playbook, chosen, _problems(error), given), 422
    except InvalidError as error:
        return _run_form(playbook, chosen, Problems.of(error), given), error.status
    app_state().work.wake(DISPATCH)
    return done(f"Run {run.id} ({playbook.title.lower()}) on {_many(chosen)} is {run.state}.", "run", run_id=run.id)


def _playbook(name: str) -> Playbook:
    if name not in PLAYBOOKS:
        raise NotFoundError(f"there is no action {name!r} for many sites at once")
    return catalogue.find(name)


def _ids(given: list[str]) -> list[int]:
    """From `1,2,3`, given once or several times. Raises NotFoundError for what is no id."""
    words = [word for text in given for word in text.split(",") if word]
    if not all(word.isdecimal() and int(word) <= LARGEST_ID for word in words):
        raise NotFoundError("there are no such sites")
    return list(dict.fromkeys(int(word) for word in words))


def _problems(error: ValidationError) -> Problems:
    """Only the reason can be wrong: the rest is no field of the form."""
    parts = {str(part) for fault in error.errors(include_input=False) for part in fault["loc"]}
    return Problems("Something is not right.", {"reason": REASON} if "reason" in parts else {})


def _many(chosen: Selection) -> str:
    return f"{len(chosen.sites)} site{'s' if len(chosen.sites) > 1 else ''}"


def _run_form(playbook: Playbook, chosen: Selection, problems: Problems, given: Any) -> str:
    return render_template(
        "fleet/run.html",
        playbook=playbook,
        title=f"{PLAYBOOKS[playbook.name]} {_many(chosen)}",
        chosen=chosen,
        problems=problems,
        given=given,
    )
