"""The doors of machines: a Pi's agent, a Pi that wants to register, and a run that reads its inventory."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import cast

from flask import g, request

from control_ui.models import Device
from control_ui.models.scope import ALL_TENANTS, Scope, open_session
from control_ui.services.actor import Actor
from control_ui.services.devices import inventory, tokens
from control_ui.services.devices.registration_limit import RegistrationLimit
from control_ui.services.errors import UnauthenticatedError
from control_ui.services.permissions import Permission
from control_ui.views.authentication import Guard, Identity, bearer, identify_anyone, identify_person
from control_ui.views.state import app_state

RUN = "run"
"""The kind of actor that a slice of a run is; its id is the slice's."""


def identify_device() -> Identity:
    """By device token. The device is kept for the view: reading it is all that most requests of a Pi cost.

    Raises UnauthenticatedError.
    """
    token = bearer()
    with open_session(app_state().sessions, ALL_TENANTS) as session:
        device = tokens.owner(session, token)
        actor = _actor("device", device.id, device.name, device.tenant_id)
        tokens.retire_previous(session, actor, device, token, datetime.now(UTC))
    g.device = device
    return Identity(actor, Scope(device.tenant_id))


def this_device() -> Device:
    """The device that asks, as `identify_device` has read it; of no session."""
    return cast(Device, g.device)


def identify_newcomer() -> Identity:
    """Anybody, unless too many attempts from the same address have failed. Raises TooManyRequestsError."""
    RegistrationLimit(app_state().redis).check(request.remote_addr or "")
    return identify_anyone()


def identify_inventory_reader() -> Identity:
    """A run by the token it was given for as long as it lasts, or a person. Raises as `identify_person`."""
    token = bearer()
    with open_session(app_state().sessions, ALL_TENANTS) as session:
        slice_row = inventory.reader(session, token)
    if slice_row is None:
        return _person(token)
    name = f"run {slice_row.run_id}, slice {slice_row.number}"
    actor = _actor(RUN, slice_row.id, name, slice_row.tenant_id, frozenset({Permission.FLEET_OPERATE}))
    return Identity(actor, Scope(slice_row.tenant_id))


def _person(token: str) -> Identity:
    try:
        return identify_person()
    except UnauthenticatedError as error:
        if not token:
            raise
        raise UnauthenticatedError(f"{error.detail}. A run's inventory token ends with the run") from error


def _actor(
    kind: str, row_id: int, name: str, tenant_id: int, permissions: frozenset[Permission] = frozenset()
) -> Actor:
    return Actor(kind, row_id, name, tenant_id, permissions, request.remote_addr or "", g.request_id)


DEVICE = Guard("device", ("deviceToken",), identify_device)
NEWCOMER = Guard("newcomer", (), identify_newcomer)
INVENTORY = Guard("inventory", ("inventoryToken", "accessToken"), identify_inventory_reader)
