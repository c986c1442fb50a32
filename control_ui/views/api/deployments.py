"""Deployments: a template's version for many devices, on evidence, and the way back."""

from __future__ import annotations

from control_ui.models import Deployment
from control_ui.services import rows
from control_ui.services.deployments import approve, control, differences, preview, request, rollback, search
from control_ui.services.permissions import Permission
from control_ui.views.api.operation import Api, Call, Reply
from control_ui.views.api.schemas.base import PageQuery, ReasonIn
from control_ui.views.api.schemas.deployments import (
    DeployIn,
    DeploymentDeviceOut,
    DeploymentDevicePage,
    DeploymentDeviceQuery,
    DeploymentOut,
    DeploymentPage,
    DeploymentQuery,
    DeviceDifferenceOut,
    DeviceDifferencePage,
)
from control_ui.views.api.schemas.rollbacks import ForeseenList, ForeseenOut
from control_ui.views.api.schemas.runs import ApprovalOut, DecisionIn
from control_ui.views.state import app_state
from control_ui.work_queue import ADVANCE_DEPLOYMENTS

api = Api("deployments", "deployments")


@api.post(
    "/templates/<int:template_id>/deploy",
    permission=Permission.CONFIG_WRITE,
    body=DeployIn,
    returns=DeploymentOut,
    status=202,
    errors=(409,),
    idempotent=True,
)
def deploy(call: Call, template_id: int, body: DeployIn) -> Reply:
    """Deploy a version of a template to devices.

    Every device's configuration is made and checked first: if one of them is not valid, nothing is begun, and the
    faults are named by device. A newer deployment takes its devices over from older ones. Where the tenant asks for
    four eyes it is proposed first: another person approves its differences."""
    control_url = app_state().settings.public_url
    made = request.deploy(call.session, call.actor, template_id, body.read(), control_url=control_url, now=call.now)
    return _begun(call, made)


@api.get("/deployments", permission=Permission.FLEET_READ, query=DeploymentQuery, returns=DeploymentPage)
def list_deployments(call: Call, query: DeploymentQuery) -> DeploymentPage:
    """List deployments, the newest first."""
    filters = search.Filters(**query.model_dump(exclude={"limit", "cursor"}))
    page = search.search(call.session, filters, limit=query.limit, cursor=query.cursor)
    return DeploymentPage(items=[DeploymentOut.of(seen) for seen in page.items], next=page.next)


@api.get("/deployments/<int:deployment_id>", permission=Permission.FLEET_READ, returns=DeploymentOut)
def show_deployment(call: Call, deployment_id: int) -> DeploymentOut:
    """Show how far a deployment is."""
    return _shown(call, _fetch(call, deployment_id))


@api.get(
    "/deployments/<int:deployment_id>/devices",
    permission=Permission.FLEET_READ,
    query=DeploymentDeviceQuery,
    returns=DeploymentDevicePage,
)
def list_deployment_devices(call: Call, deployment_id: int, query: DeploymentDeviceQuery) -> DeploymentDevicePage:
    """List where the devices of a deployment stand, and on what evidence."""
    page = search.devices(call.session, _fetch(call, deployment_id), **query.model_dump())
    return DeploymentDevicePage(items=[DeploymentDeviceOut.of(found) for found in page.items], next=page.next)


@api.get(
    "/deployments/<int:deployment_id>/diff",
    permission=Permission.FLEET_READ,
    query=PageQuery,
    returns=DeviceDifferencePage,
)
def show_differences(call: Call, deployment_id: int, query: PageQuery) -> DeviceDifferencePage:
    """Show what a deployment changes on each device. An approval is bound to all of it."""
    page = differences.page(call.session, _fetch(call, deployment_id), limit=query.limit, cursor=query.cursor)
    return DeviceDifferencePage(items=[DeviceDifferenceOut.model_validate(one) for one in page.items], next=page.next)


@api.post(
    "/deployments/<int:deployment_id>/approval",
    permission=Permission.CONFIG_WRITE,
    body=DecisionIn,
    returns=ApprovalOut,
    errors=(409,),
)
def decide_on_deployment(call: Call, deployment_id: int, body: DecisionIn) -> ApprovalOut:
    """Approve or reject a proposed deployment, by the hash of the differences you have seen.

    Not for the person who asked for it. What was approved is what is deployed: where a device has been given something
    else meanwhile, it has to be proposed anew."""
    approval = approve.decide(
        call.session, call.actor, deployment_id, body.decision, body.diff_sha256, body.comment, call.now
    )
    app_state().work.wake(ADVANCE_DEPLOYMENTS)
    return ApprovalOut.model_validate(approval)


@api.post(
    "/deployments/<int:deployment_id>/pause",
    permission=Permission.CONFIG_WRITE,
    body=ReasonIn,
    returns=DeploymentOut,
    errors=(409,),
)
def pause_deployment(call: Call, deployment_id: int, body: ReasonIn) -> DeploymentOut:
    """Begin no further wave for now.

    Devices that are being given the configuration go on and are judged; too many failures still take it back."""
    return _shown(call, control.pause(call.session, call.actor, deployment_id, body.reason, call.now))


@api.post(
    "/deployments/<int:deployment_id>/resume",
    permission=Permission.CONFIG_WRITE,
    body=ReasonIn,
    returns=DeploymentOut,
    errors=(409,),
)
def resume_deployment(call: Call, deployment_id: int, body: ReasonIn) -> DeploymentOut:
    """Go on with a deployment that was paused, by a person or because it could not go on by itself."""
    deployment = control.resume(call.session, call.actor, deployment_id, body.reason, call.now)
    app_state().work.wake(ADVANCE_DEPLOYMENTS)
    return _shown(call, deployment)


@api.post(
    "/deployments/<int:deployment_id>/cancel",
    permission=Permission.CONFIG_WRITE,
    body=ReasonIn,
    returns=DeploymentOut,
    errors=(409,),
)
def cancel_deployment(call: Call, deployment_id: int, body: ReasonIn) -> DeploymentOut:
    """End a deployment where it is.

    Devices that have the configuration keep it; those that have not been reached do not get it any more. To have the
    old one back, roll it back."""
    deployment = control.cancel(call.session, call.actor, deployment_id, body.reason, call.now)
    app_state().work.wake(ADVANCE_DEPLOYMENTS)
    return _shown(call, deployment)


@api.get("/deployments/<int:deployment_id>/rollback-preview", permission=Permission.FLEET_READ, returns=ForeseenList)
def preview_deployment_rollback(call: Call, deployment_id: int) -> ForeseenList:
    """Show what taking a deployment back would do, device by device."""
    foreseen = preview.of_deployment(call.session, deployment_id, call.now)
    return ForeseenList(items=[ForeseenOut.model_validate(one) for one in foreseen])


@api.post(
    "/deployments/<int:deployment_id>/rollback",
    permission=Permission.CONFIG_WRITE,
    body=ReasonIn,
    returns=DeploymentOut,
    status=202,
    errors=(409,),
    idempotent=True,
)
def roll_back_deployment(call: Call, deployment_id: int, body: ReasonIn) -> Reply:
    """Take a deployment back; gives the deployment that does it.

    Only what it has changed, and what still runs or wants it: a device that has moved on is left alone, and told."""
    made = rollback.roll_back(call.session, call.actor, deployment_id, body.reason, call.now)
    return _begun(call, made)


def _fetch(call: Call, deployment_id: int) -> Deployment:
    return rows.fetch(call.session, Deployment, deployment_id, "deployment")


def _shown(call: Call, deployment: Deployment) -> DeploymentOut:
    (seen,) = search.overviews(call.session, [deployment])
    return DeploymentOut.of(seen)


def _begun(call: Call, deployment: Deployment) -> Reply:
    app_state().work.wake(ADVANCE_DEPLOYMENTS)
    return Reply(_shown(call, deployment), headers={"Location": f"/api/deployments/{deployment.id}"})
