"""Devices and sites from an Ansible inventory that somebody sends: first what it would do, then done."""

from __future__ import annotations

from typing import Any

from flask import request

from control_ui.services import rows
from control_ui.services.devices import ansible_inventory, enrolment, inventory_hosts, inventory_import
from control_ui.services.devices.inventory_import import Options, Outcome
from control_ui.services.errors import InvalidError
from control_ui.services.permissions import Permission
from control_ui.views.api.operation import Call
from control_ui.views.api.schemas.base import ReasonIn
from control_ui.views.pages.administration.tabs import show
from control_ui.views.pages.form import NOT_RIGHT, Problems, handle
from control_ui.views.pages.page import Answer, page

LONGEST = 450_000
"""Characters: forms take 500 kB. A host takes some 300."""


class InventoryIn(ReasonIn):
    inventory: str
    enrol: bool = False
    """Make enrolment tokens for the devices that have no device token."""
    step: str


@page("/administration/devices/import", methods=("GET", "POST"), permission=Permission.DEVICES_MANAGE)
def devices_import(call: Call) -> Answer:
    """Show what an inventory would add, change and leave; then take it in, all of it or nothing."""
    text = _sent()

    def form(problems: Problems, **outcome: Any) -> str:
        return show("import", "devices_list", problems=problems, text=text, longest=LONGEST, **outcome)

    def work(body: InventoryIn) -> Answer:
        try:
            outcome = _take_in(call, body)
        except InvalidError as error:
            return form(Problems.of(InvalidError(error.detail)), faults=error.faults), NOT_RIGHT
        if body.step != "take_in":
            call.session.rollback()
            return form(Problems(), outcome=outcome)
        call.session.commit()
        return form(Problems(), outcome=outcome, done=True)

    given: dict[str, Any] = {
        "inventory": text,
        "enrol": request.form.getlist("enrol")[-1:] == ["1"],
        "step": request.form.get("step", "look"),
        "reason": request.form.get("reason", ""),
    }
    return handle(InventoryIn, form, work, None, lambda: given)


def _sent() -> str:
    """What was pasted, or what is in the file."""
    file = request.files.get("file")
    content = file.read() if file is not None and file.filename else b""
    return content.decode(errors="replace") if content else request.form.get("inventory", "").replace("\r\n", "\n")


def _take_in(call: Call, body: InventoryIn) -> Outcome:
    """Not committed yet."""
    options = Options(enrolment_lifetime=enrolment.DEFAULT_LIFETIME if body.enrol else None)
    hosts = _hosts(call, body.inventory)
    return inventory_import.take_in(call.session, call.actor, hosts, options, reason=body.reason, now=call.now)


def _hosts(call: Call, text: str) -> list[inventory_hosts.FoundHost]:
    """Of the tenant one is in; for who sees all, each the tenant's of its group `tenant_*`."""
    if not text.strip():
        raise InvalidError("there is no inventory: choose a file, or paste one")
    if len(text) > LONGEST:
        raise InvalidError(f"the inventory is longer than {LONGEST} characters: import it in parts, or at the console")
    everywhere = call.session.scope.tenant_id is None
    tenant = None if everywhere else rows.current_tenant(call.session).slug
    hosts, faults = inventory_hosts.find(ansible_inventory.read_text(text), ansible_inventory.Vault(()), tenant)
    if faults:
        raise InvalidError("this cannot be imported, and nothing was", faults)
    return hosts
