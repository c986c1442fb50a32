"""Configurations of devices, overrides of groups, and the difference between any two."""

from __future__ import annotations

from control_ui.services.configuration import device_configuration, group_configuration, sides
from control_ui.services.configuration.diff import Side, compare
from control_ui.services.errors import Fault, InvalidError
from control_ui.services.permissions import Permission
from control_ui.views.api.operation import Api, Call, Reply
from control_ui.views.api.schemas.base import PageQuery
from control_ui.views.api.schemas.configuration import (
    ConfigVersionOut,
    ConfigVersionPage,
    DeviceConfigIn,
    DeviceConfigOut,
    DeviceConfigSetOut,
    DifferenceOut,
    DiffIn,
    GroupConfigIn,
    GroupConfigOut,
    PreviewIn,
    RenderingOut,
    SideIn,
)
from control_ui.views.state import app_state

api = Api("configuration", "configuration")


@api.get("/devices/<int:device_id>/config", permission=Permission.FLEET_READ, returns=DeviceConfigOut)
def device_config(call: Call, device_id: int) -> Reply:
    """Show what a device is wanted to have and what it has. The ETag is what a writer must show."""
    current = device_configuration.current(call.session, device_id, call.now)
    shown = DeviceConfigOut.of(current, f"/api/devices/{device_id}/config/versions")
    return Reply(shown, etag=current.device.row_version)


@api.put(
    "/devices/<int:device_id>/config",
    permission=Permission.CONFIG_WRITE,
    body=DeviceConfigIn,
    returns=DeviceConfigSetOut,
    status=202,
    conditional=True,
    errors=(409,),
)
def set_device_config(call: Call, device_id: int, body: DeviceConfigIn) -> Reply:
    """Set a device's template and override, and see what it would get from them.

    What is set reaches the Pi with the next configuration that is made for it: at once with `deploy`, which is for
    one device, without waves and without rollback. The Pi fetches it at its next check-in."""
    dry = device_configuration.configure(
        call.session,
        call.actor,
        device_id,
        call.if_match or 0,
        body.values(),
        deploy=body.deploy,
        control_url=app_state().settings.public_url,
        reason=body.reason,
        now=call.now,
    )
    return Reply(DeviceConfigSetOut.of(dry), etag=dry.device.row_version)


@api.post(
    "/devices/<int:device_id>/config/preview",
    permission=Permission.FLEET_READ,
    body=PreviewIn,
    returns=RenderingOut,
)
def preview(call: Call, device_id: int, body: PreviewIn) -> RenderingOut:
    """Say what a device would get, from which layer each value comes, and what is wrong with it. Nothing is stored."""
    dry = device_configuration.dry_now(
        call.session,
        device_id,
        template_id=body.template_id,
        number=body.number,
        override=body.config_override,
        control_url=app_state().settings.public_url,
        now=call.now,
    )
    return RenderingOut.of(dry)


@api.get(
    "/devices/<int:device_id>/config/versions",
    permission=Permission.FLEET_READ,
    query=PageQuery,
    returns=ConfigVersionPage,
)
def list_config_versions(call: Call, device_id: int, query: PageQuery) -> ConfigVersionPage:
    """List a device's configurations, the newest first."""
    device = device_configuration.fetch(call.session, device_id)
    page = device_configuration.history(call.session, device, limit=query.limit, cursor=query.cursor)
    return ConfigVersionPage.model_validate(page)


@api.get(
    "/devices/<int:device_id>/config/versions/<int:number>",
    permission=Permission.FLEET_READ,
    returns=ConfigVersionOut,
)
def show_config_version(call: Call, device_id: int, number: int) -> ConfigVersionOut:
    """Show one configuration, and how it differs from the one before."""
    device = device_configuration.fetch(call.session, device_id)
    version = device_configuration.version_of(call.session, device, number)
    return ConfigVersionOut.of(version, device_configuration.change_made_by(call.session, device, version))


@api.get("/groups/<int:group_id>/config", permission=Permission.FLEET_READ, returns=GroupConfigOut)
def group_config(call: Call, group_id: int) -> Reply:
    """Show what a group lays over the templates of its devices."""
    group = group_configuration.fetch(call.session, group_id)
    return Reply(GroupConfigOut.model_validate(group), etag=group.row_version)


@api.put(
    "/groups/<int:group_id>/config",
    permission=Permission.CONFIG_WRITE,
    body=GroupConfigIn,
    returns=GroupConfigOut,
    conditional=True,
)
def set_group_config(call: Call, group_id: int, body: GroupConfigIn) -> Reply:
    """Set what a group lays over the templates. It reaches its devices with the next deployment."""
    group = group_configuration.override(
        call.session,
        call.actor,
        group_id,
        call.if_match or 0,
        body.config_override,
        reason=body.reason,
        now=call.now,
    )
    return Reply(GroupConfigOut.model_validate(group), etag=group.row_version)


@api.post("/configuration/diff", permission=Permission.FLEET_READ, body=DiffIn, returns=DifferenceOut)
def diff(call: Call, body: DiffIn) -> DifferenceOut:
    """Compare any two of: a template's version, a device's configuration, what a device would get now."""
    left, right = _side(call, body.left, "$.left"), _side(call, body.right, "$.right")
    return DifferenceOut.model_validate(compare(left, right))


def _side(call: Call, side: SideIn, path: str) -> Side:
    match side.kind, side.template_id, side.device_id, side.number:
        case "template", int(template_id), None, number:
            return sides.template_version(call.session, template_id, number)
        case "version", None, int(device_id), int(number):
            return sides.device_version(call.session, device_id, number)
        case "now", None, int(device_id), None:
            return sides.device_now(call.session, device_id, app_state().settings.public_url)
    raise InvalidError(
        "one side is not fully said",
        [Fault(path, "a template has template_id (and number), a version device_id and number, now device_id")],
    )
