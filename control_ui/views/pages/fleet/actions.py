"""What can be done with the sites that were chosen: each asks first, and says on how many."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import render_template, request
from pydantic import ValidationError

from control_ui.models.deployments import Strategy
from control_ui.services.deployments import request as deployments
from control_ui.services.deployments import waves
from control_ui.services.deployments.parameters import DEFAULT_WAVES
from control_ui.services.errors import InvalidError, NotFoundError, ServiceError
from control_ui.services.fleet import selection
from control_ui.services.fleet.selection import Selection
from control_ui.services.permissions import Permission
from control_ui.services.runs import requests
from control_ui.services.runs.catalogue import Playbook, catalogue
from control_ui.views.api.operation import LARGEST_ID, Call
from control_ui.views.api.schemas.deployments import DeployIn
from control_ui.views.api.schemas.runs import RunIn
from control_ui.views.pages.form import Problems
from control_ui.views.pages.page import Answer, done, page
from control_ui.views.state import app_state
from control_ui.work_queue import ADVANCE_DEPLOYMENTS, DISPATCH

PLAYBOOKS = {"restart": "Restart", "update_os": "Update the system of", "diagnose": "Diagnose"}
"""What is offered for many sites at once, and the verb before their number. The runs' own page has them all."""
STRATEGIES = {Strategy.WAVES: "In waves", Strategy.ALL: "All at once"}
ADVICE = {
    "reason": "It must be 2,000 characters at most",
    "waves": "Say after each wave how many sites have it, such as 1, 10%, 100%",
    "threshold": "Enter a share from 0 to 100",
    "version": "Choose one",
}


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


@page("/fleet/deploy", permission=Permission.CONFIG_WRITE)
def fleet_deploy(call: Call) -> Answer:
    """Which configuration the chosen sites could be given."""
    return _deploy_form(call, selection.choose(call.session, _ids(request.args.getlist("ids"))), Problems(), {})


@page("/fleet/deploy", methods=("POST",), permission=Permission.CONFIG_WRITE)
def fleet_deploy_start(call: Call) -> Answer:
    """Ask for the deployment."""
    given = request.form
    chosen = selection.choose(call.session, _ids(given.getlist("ids")))
    template_id, number = _version(given.get("version", ""))
    try:
        wanted = _deployment(chosen, number, given).read()
        url = app_state().settings.public_url
        made = deployments.deploy(call.session, call.actor, template_id, wanted, control_url=url, now=call.now)
    except ValidationError as error:
        return _deploy_form(call, chosen, _problems(error), given), 422
    except ServiceError as error:
        call.session.rollback()
        return _deploy_form(call, chosen, _told(error), given), error.status
    app_state().work.wake(ADVANCE_DEPLOYMENTS)
    return done(f"Deployment {made.id} to {_many(chosen)} is {made.state}.", "deployment", deployment_id=made.id)


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


def _version(given: str) -> tuple[int, str]:
    """A template's id and a number, from `7.2`. What is neither is asked for again: the number is not one then."""
    template_id, _, number = given.partition(".")
    return (int(template_id), number) if template_id.isdecimal() and len(template_id) < 19 else (0, "")


def _deployment(chosen: Selection, number: str, given: Mapping[str, str]) -> DeployIn:
    """Raises ValidationError."""
    return DeployIn.model_validate(
        {
            "target": {"device_ids": chosen.ids},
            "version": number,
            "strategy": given.get("strategy", ""),
            "parameters": _parameters(given.get("waves", ""), given.get("threshold", "")),
            "reason": given.get("reason", "").strip(),
        }
    )


def _parameters(given_waves: str, threshold: str) -> dict[str, Any]:
    """What is left empty is as by default."""
    found: dict[str, Any] = {}
    if given_waves.strip():
        found["waves"] = [wave.strip() for wave in given_waves.split(",")]
    if threshold.strip():
        found["failure_threshold_percent"] = threshold.strip()
    return found


def _problems(error: ValidationError) -> Problems:
    """At the fields of the form, whatever the path in what was asked for."""
    parts = {str(part) for fault in error.errors(include_input=False) for part in fault["loc"]}
    at = {"waves": "waves", "failure_threshold_percent": "threshold", "reason": "reason", "version": "version"}
    return Problems("Something is not right.", {field: ADVICE[field] for part, field in at.items() if part in parts})


def _told(error: ServiceError) -> Problems:
    """A configuration that is not valid has its faults by device: they belong above the form."""
    if isinstance(error, InvalidError) and error.faults:
        faults = "; ".join(f"{fault.path.removeprefix('$.')} {fault.message}" for fault in error.faults[:5])
        more = f"; and {len(error.faults) - 5} more" if len(error.faults) > 5 else ""
        return Problems(f"Nothing was begun: {error.detail}. {faults}{more}.")
    return Problems(f"Nothing was begun: {error.detail}.")


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


def _deploy_form(call: Call, chosen: Selection, problems: Problems, given: Any) -> str:
    versions = [] if chosen.tenant is None else selection.deployable(call.session, chosen.tenant)
    return render_template(
        "fleet/deploy.html",
        title=f"Deploy to {_many(chosen)}",
        chosen=chosen,
        versions=versions,
        strategies=STRATEGIES,
        default_waves=", ".join(DEFAULT_WAVES),
        wave_sizes=waves.sizes(DEFAULT_WAVES, len(chosen.sites)),
        problems=problems,
        given=given,
    )
