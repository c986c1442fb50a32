"""A deployment: wave by wave with its evidence, every device of it, and what can be done about it.

The page is drawn once. While it goes on, the grid asks for a character a device, and the words around it for two small
fragments. Devices that were off come round after its end, too: what has ended is looked at again with each visit.
"""

from __future__ import annotations

from itertools import groupby
from typing import Any

from flask import render_template, request

from control_ui.models import Deployment
from control_ui.models.deployments import FINAL_DEPLOYMENT_STATES, DeploymentState, DeviceProgress, Strategy
from control_ui.services import grid, rows
from control_ui.services.deployments import one_device, parameters, search, watching
from control_ui.services.deployments.comparison import NO_DIFFERENCE, TOO_FEW
from control_ui.services.devices import target_words
from control_ui.services.permissions import Permission
from control_ui.services.runs import people
from control_ui.views.api.operation import Call
from control_ui.views.pages.deployments.listing import without_total
from control_ui.views.pages.frame import may
from control_ui.views.pages.page import Answer, page
from control_ui.views.pages.runs.one import compact

STATES = [str(word) for word in DeviceProgress]
MAY_CANCEL = (DeploymentState.PROPOSED, DeploymentState.RUNNING, DeploymentState.PAUSED)
NOT_TAKEN_BACK = (DeploymentState.PROPOSED, DeploymentState.ROLLING_BACK, DeploymentState.ROLLED_BACK)


@page("/deployments/<int:deployment_id>", permission=Permission.FLEET_READ)
def deployment(call: Call, deployment_id: int) -> Answer:
    """The whole page."""
    found = rows.fetch(call.session, Deployment, deployment_id, "deployment")
    cells = watching.cells(call.session, deployment_id)
    wanted = request.args.get("outcome", "")
    parts = {part: list(of_part) for part, of_part in groupby(cells, lambda cell: (cell.part, cell.side))}
    words = {"states": STATES, "wanted": wanted if wanted in STATES else ""}
    around = _head(call, found) | _findings(call, found)
    return render_template("deployments/deployment.html", cells=parts, counts=grid.counts(cells), **words, **around)


@page("/deployments/<int:deployment_id>/head", permission=Permission.FLEET_READ)
def deployment_head(call: Call, deployment_id: int) -> Answer:
    """Its state, its waves with their evidence, and what can be done; asked for until it has ended."""
    found = rows.fetch(call.session, Deployment, deployment_id, "deployment")
    return render_template("deployments/_head.html", **_head(call, found))


@page("/deployments/<int:deployment_id>/findings", permission=Permission.FLEET_READ)
def deployment_findings(call: Call, deployment_id: int) -> Answer:
    """What keeps which devices; asked for until it has ended."""
    found = rows.fetch(call.session, Deployment, deployment_id, "deployment")
    return render_template("deployments/_findings.html", **_findings(call, found))


@page("/deployments/<int:deployment_id>/cells", permission=Permission.FLEET_READ)
def deployment_cells(call: Call, deployment_id: int) -> Answer:
    """The grid, a character a device: `{ended, legend, cells}`."""
    found = rows.fetch(call.session, Deployment, deployment_id, "deployment")
    told = grid.told(watching.cells(call.session, deployment_id))
    return compact({"ended": found.state in FINAL_DEPLOYMENT_STATES, **told})


@page("/deployments/<int:deployment_id>/devices/<int:device_id>", permission=Permission.FLEET_READ)
def deployment_device(call: Call, deployment_id: int, device_id: int) -> Answer:
    """Where one device stands, why, and on what evidence."""
    found = rows.fetch(call.session, Deployment, deployment_id, "deployment")
    one = one_device.of(call.session, found, device_id)
    return render_template("deployments/device.html", deployment=found, one=one)


def _head(call: Call, deployment: Deployment) -> dict[str, Any]:
    (seen,) = search.overviews(call.session, [deployment])
    groups = target_words.group_names(call.session, [deployment.target])
    return {
        "deployment": deployment,
        "seen": seen,
        "ended": deployment.state in FINAL_DEPLOYMENT_STATES,
        "target": target_words.words(deployment.target, groups),
        "waves": watching.waves(call.session, deployment),
        "parameters": parameters.of(deployment),
        "decided_by": people.decider(call.session, seen.approval),
        "counts_of_all": without_total(seen.counts),
        "no_difference": (NO_DIFFERENCE, TOO_FEW),
        "two_sides": deployment.strategy == Strategy.AB,
        **_possible(call, deployment),
    }


def _possible(call: Call, deployment: Deployment) -> dict[str, bool]:
    """What the buttons offer to whom; the services refuse the rest anyway."""
    writes, state = may(Permission.CONFIG_WRITE), deployment.state
    own = deployment.requested_by_id == call.actor.user_id
    return {
        "may_decide": writes and state == DeploymentState.PROPOSED and not own,
        "may_pause": writes and state == DeploymentState.RUNNING,
        "may_resume": writes and state == DeploymentState.PAUSED,
        "may_cancel": writes and state in MAY_CANCEL,
        "may_roll_back": writes and state not in NOT_TAKEN_BACK,
    }


def _findings(call: Call, deployment: Deployment) -> dict[str, Any]:
    return {
        "deployment": deployment,
        "ended": deployment.state in FINAL_DEPLOYMENT_STATES,
        "troubles": watching.troubles(call.session, deployment.id),
    }
