"""One dialog for every way to deploy: what, where, how, what it will change, and why."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from flask import flash, redirect, render_template, request
from werkzeug.wrappers import Response

from control_ui.models import ConfigTemplate, Device, Tenant
from control_ui.models.scope import Scope, open_session
from control_ui.services import rows
from control_ui.services.configuration import library
from control_ui.services.configuration import templates as template_lines
from control_ui.services.deployments import request as deployments
from control_ui.services.deployments import waves
from control_ui.services.deployments.rehearsal import Rehearsal, rehearse
from control_ui.services.deployments.request import DeployRequest
from control_ui.services.devices import target_choices, targets
from control_ui.services.errors import Fault, InvalidError, NotFoundError, ServiceError
from control_ui.services.permissions import Permission
from control_ui.views.api.operation import Call
from control_ui.views.pages.configuration.deploy_form import DeployForm
from control_ui.views.pages.configuration.target import headed
from control_ui.views.pages.configuration.wording import shown_value
from control_ui.views.pages.form import Problems
from control_ui.views.pages.page import SEE_OTHER, Answer, page
from control_ui.views.state import app_state
from control_ui.work_queue import ADVANCE_DEPLOYMENTS

MOST_VERSIONS = 50
MOST_LISTED = 100
NOT_YET: dict[str, object] = {
    "rehearsals": None, "devices": [], "invalid": 0, "refused": False, "waves": None, "why_not": "",
    "listed": MOST_LISTED, "shown_value": shown_value,
}  # fmt: skip
"""What the part that says what will happen shows before it is known."""


@page("/configuration/deploy", permission=Permission.CONFIG_WRITE)
def config_deploy(call: Call) -> Answer:
    """The dialog. `template`, `version`, `to` (or `ids` of chosen sites), `strategy` and `version_b` may be known
    already."""
    return _dialog(call, DeployForm.of_address(request.args), Problems(), 200)


@page("/configuration/deploy/preview", methods=("POST",), permission=Permission.CONFIG_WRITE)
def config_deploy_preview(call: Call) -> Answer:
    """What would happen with what is entered at this moment."""
    form = DeployForm.of_form(request.form)
    another = form.versions_of != form.template_id
    if another:
        form = replace(form, version=None, version_b=None)
    with _home(call, form) as (home, template):
        return render_template(
            "configuration/_rehearsed.html",
            form=form,
            problems=None,
            template=template,
            versions=_versions(home, template) if another else None,
            **_foreseen(home, form, template),
        )


@page("/configuration/deploy", methods=("POST",), permission=Permission.CONFIG_WRITE)
def config_deploy_request(call: Call) -> Answer:
    """Begin, or propose where the tenant asks for four eyes; then on to the deployment."""
    form = DeployForm.of_form(request.form)
    if "look" in request.form:
        return _dialog(call, form, Problems(), 200, foreseen=True)
    try:
        with _home(call, form) as (home, template):
            if template is None:
                raise InvalidError("it is not said what to deploy", [Fault("$.template", "choose a template")])
            wanted = _wanted(home, form, template)
            control_url = app_state().settings.public_url
            made = deployments.deploy(
                home.session, home.actor, template.id, wanted, control_url=control_url, now=home.now
            )
    except ServiceError as error:
        call.session.rollback()
        return _dialog(call, form, form.problems(error), error.status, foreseen=True)
    app_state().work.wake(ADVANCE_DEPLOYMENTS)
    return _onwards(made.id, proposed=str(made.state) == "proposed")


def _wanted(home: Call, form: DeployForm, template: ConfigTemplate) -> DeployRequest:
    """Raises InvalidError."""
    wanted = form.read()
    if not form.leave_out:
        return wanted
    devices = targets.resolve(home.session, wanted.target)
    bad = {one.device.id for found in _rehearsed(home, form, template, devices) for one in found.invalid}
    return replace(wanted, target={"device_ids": [device.id for device in devices if device.id not in bad]})


def _onwards(deployment_id: int, *, proposed: bool) -> Response:
    said = "is proposed: another person approves it before it begins" if proposed else "has begun"
    flash(f"Deployment {deployment_id} {said}.")
    path = f"/deployments/{deployment_id}"
    if "HX-Request" in request.headers:
        return Response(status=204, headers={"HX-Redirect": path})
    return redirect(path, SEE_OTHER)


def _dialog(call: Call, form: DeployForm, problems: Problems, status: int, *, foreseen: bool = False) -> Answer:
    with _home(call, form) as (home, template):
        choices = target_choices.choices(home.session)
        shown = render_template(
            "configuration/deploy.html",
            form=form,
            problems=problems,
            template=template,
            templates=library.choices(home.session),
            versions=_versions(home, template),
            targets=headed(choices),
            **(_foreseen(home, form, template) if foreseen else _unseen(home, template)),
        )
    return shown, status


@contextmanager
def _home(call: Call, form: DeployForm) -> Iterator[tuple[Call, ConfigTemplate | None]]:
    """The template, and its own tenant: a platform administrator, too, deploys within one. Raises NotFoundError."""
    if not form.template_id:
        yield call, None
        return
    template = template_lines.fetch(call.session, form.template_id)
    if call.session.scope.tenant_id is not None:
        yield call, template
        return
    template_id, tenant_id = template.id, template.tenant_id
    call.session.rollback()  # SQLite has one transaction at a time
    with open_session(app_state().sessions, Scope(tenant_id)) as session:
        yield replace(call, session=session), template_lines.fetch(session, template_id)


def _versions(home: Call, template: ConfigTemplate | None) -> list[object]:
    if template is None:
        return []
    return list(template_lines.versions_of(home.session, template, limit=MOST_VERSIONS, cursor=None).items)


def _four_eyes(home: Call, template: ConfigTemplate) -> bool:
    return rows.fetch(home.session, Tenant, template.tenant_id, "tenant").requires_approval


def _unseen(home: Call, template: ConfigTemplate | None) -> dict[str, object]:
    return NOT_YET | {"four_eyes": template is not None and _four_eyes(home, template)}


def _foreseen(home: Call, form: DeployForm, template: ConfigTemplate | None) -> dict[str, object]:
    """What the part of the dialog shows that says what will happen. What is not filled in yet is no fault here."""
    found = _unseen(home, template)
    try:
        if template is None:
            return found | {"why_not": "Choose a template."}
        if not form.to:
            return found | {"why_not": "Choose where to."}
        devices = targets.resolve(home.session, form.target())
        rehearsals = _rehearsed(home, form, template, devices)
        invalid = {one.device.id for rehearsal in rehearsals for one in rehearsal.invalid}
        refused = bool(invalid) and (not form.leave_out or len(invalid) == len(devices))
        found |= {"devices": devices, "rehearsals": rehearsals, "invalid": len(invalid), "refused": refused}
        wanted = form.read()
        if wanted.strategy == "waves":
            found["waves"] = waves.sizes(wanted.parameters.waves, len(devices))
    except (InvalidError, NotFoundError) as error:
        told = "; ".join(f"{fault.message}" for fault in error.faults) if isinstance(error, InvalidError) else ""
        found["why_not"] = f"{error.detail[:1].upper()}{error.detail[1:]}{': ' if told else ''}{told}."
    return found


def _rehearsed(home: Call, form: DeployForm, template: ConfigTemplate, devices: list[Device]) -> list[Rehearsal]:
    """Of the version; with two sides, of each on all devices, for who is where is drawn when it begins."""
    numbers = [form.version, form.version_b] if form.strategy == "ab" and form.version_b else [form.version]
    return [
        rehearse(
            home.session, devices, template_lines.version_of(home.session, template, number),
            control_url=app_state().settings.public_url,
        )
        for number in numbers
    ]  # fmt: skip
