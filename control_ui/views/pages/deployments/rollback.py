"""Taking a deployment back; or devices and groups, to what they ran before, whatever brought them where they are."""

from __future__ import annotations

from typing import Any

from flask import render_template, request

from control_ui.models import Deployment, Device, Group
from control_ui.services import rows
from control_ui.services.deployments import preview, rollback, same_changes
from control_ui.services.deployments.preview import Foreseen
from control_ui.services.deployments.to_a_point import Point, roll_back_to
from control_ui.services.errors import InvalidError, NotFoundError, ServiceError
from control_ui.services.permissions import Permission
from control_ui.views.api.operation import LARGEST_ID, Call
from control_ui.views.pages.form import Problems
from control_ui.views.pages.page import Answer, done, page
from control_ui.views.pages.runs.actions import reason
from control_ui.views.state import app_state
from control_ui.work_queue import ADVANCE_DEPLOYMENTS

OF_A_DEPLOYMENT = (
    "Only what it has changed, and what still runs or wants it. A site that has moved on since is left alone."
)
OF_SITES = "Each site gets the configuration that it ran before the one it runs now. Releases stay as they are."


@page("/deployments/<int:deployment_id>/rollback", permission=Permission.CONFIG_WRITE)
def deployment_rollback(call: Call, deployment_id: int) -> Answer:
    """What it would do, device by device, before anybody asks for it."""
    return _of_deployment(call, deployment_id, Problems())


@page("/deployments/<int:deployment_id>/rollback", methods=("POST",), permission=Permission.CONFIG_WRITE)
def deployment_rollback_now(call: Call, deployment_id: int) -> Answer:
    try:
        made = rollback.roll_back(call.session, call.actor, deployment_id, reason(), call.now)
    except NotFoundError:
        raise
    except ServiceError as error:
        call.session.rollback()
        return _of_deployment(call, deployment_id, Problems.of(error)), error.status
    return _begun(made, f"Rollback {made.id} takes deployment {deployment_id} back.")


@page("/rollbacks/new", permission=Permission.CONFIG_WRITE)
def rollback_new(call: Call) -> Answer:
    """Of devices or a group: `?device=1&device=2`, `?group=3`, of one device to a certain `version`."""
    return _of_sites(call, _target(), _point(), Problems())


@page("/rollbacks/new", methods=("POST",), permission=Permission.CONFIG_WRITE)
def rollback_new_now(call: Call) -> Answer:
    target, point = _target(), _point()
    try:
        made = roll_back_to(call.session, call.actor, target, point, reason(), call.now)
    except ServiceError as error:
        call.session.rollback()
        return _of_sites(call, target, point, Problems.of(error)), error.status
    return _begun(made, f"Rollback {made.id} is begun.")


def _begun(made: Deployment, message: str) -> Answer:
    app_state().work.wake(ADVANCE_DEPLOYMENTS)
    return done(message, "deployment", deployment_id=made.id)


def _of_deployment(call: Call, deployment_id: int, problems: Problems) -> str:
    found = rows.fetch(call.session, Deployment, deployment_id, "deployment")
    foreseen = preview.of_deployment(call.session, deployment_id, call.now)
    noun = "deployment" if found.template_version_id else "rollback"
    addresses = {"action_name": "pages.deployment_rollback_now", "back_name": "pages.deployment"}
    return _shown(f"{noun} {found.id}", OF_A_DEPLOYMENT, foreseen, problems, addresses, {"deployment_id": found.id})


def _of_sites(call: Call, target: dict[str, Any], point: Point, problems: Problems) -> str:
    """A target that makes no sense is not found: this form is only ever opened from a page that has a good one."""
    try:
        foreseen = preview.of_target(call.session, target, point)
    except InvalidError as error:
        raise NotFoundError(error.detail) from error
    values = {name: request.values.getlist(name) for name in ("device", "group", "version") if name in request.values}
    addresses = {"action_name": "pages.rollback_new_now", "back_name": "pages.deployments"}
    return _shown(_named(call, target), OF_SITES, foreseen, problems, addresses, values)


def _shown(
    what: str,
    why: str,
    foreseen: list[Foreseen],
    problems: Problems,
    addresses: dict[str, str],
    ids: dict[str, Any],
) -> str:
    words = {"what": what, "why": why, "reason": reason(), "problems": problems}
    groups = same_changes.of_foreseen(foreseen)
    return render_template("runs/rollback.html", groups=groups, ids=ids, **words, **addresses)


def _named(call: Call, target: dict[str, Any]) -> str:
    if "group_id" in target:
        return f"the group {rows.fetch(call.session, Group, target['group_id'], 'group').name}"
    if len(target["device_ids"]) == 1:
        return rows.fetch(call.session, Device, target["device_ids"][0], "device").name
    return "these sites"


def _target() -> dict[str, Any]:
    """Raises NotFoundError."""
    group, devices = _ids("group"), _ids("device")
    if len(group) == 1 and not devices:
        return {"group_id": group[0]}
    if not devices:
        raise NotFoundError("say which sites are to go back: open this from a site, a group or a selection")
    return {"device_ids": devices}


def _point() -> Point:
    version = _ids("version")
    return Point(version=version[0]) if version else Point(previous=True)


def _ids(name: str) -> list[int]:
    given = request.values.getlist(name)
    return [int(one) for one in given if one.isascii() and one.isdigit() and 0 < int(one) <= LARGEST_ID]
