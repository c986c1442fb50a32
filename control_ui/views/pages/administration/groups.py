"""Groups of devices: lists that people keep, and label queries."""

from __future__ import annotations

from typing import Any

from flask import render_template, request, url_for

from control_ui.models import Group
from control_ui.models.devices import GroupKind
from control_ui.services import rows
from control_ui.services.devices import groups
from control_ui.services.errors import InvalidError
from control_ui.services.permissions import Permission
from control_ui.views.api.operation import Call
from control_ui.views.api.schemas.groups import GroupChangeIn, GroupIn
from control_ui.views.pages.administration.tabs import PER_PAGE, cursor, require_tenant, show
from control_ui.views.pages.administration.tenants import row_version
from control_ui.views.pages.ask import Question, ask
from control_ui.views.pages.form import Problems, fields_of, handle
from control_ui.views.pages.page import Answer, done, page

ADVICE = {
    "name": "Enter a name of 1 to 63 characters",
    "kind": "Choose one",
    "priority": "Enter a whole number from -1000 to 1000",
}
MANAGE = Permission.DEVICES_MANAGE


@page("/administration/groups", permission=Permission.FLEET_READ)
def groups_list(call: Call) -> Answer:
    """Every group, with how many devices are in it at the moment."""
    found = groups.listed(call.session, limit=PER_PAGE, cursor=cursor())
    return show("groups", "groups_list", found=found, sizes=groups.sizes(call.session, found.items))


@page("/administration/groups/new", methods=("GET", "POST"), permission=MANAGE)
def groups_new(call: Call) -> Answer:
    """Make a group."""
    require_tenant(call)

    def work(body: GroupIn) -> Answer:
        group = groups.create(call.session, call.actor, body.kind, body.values(), reason=body.reason, now=call.now)
        return done(f"The group {group.name} is made.", "groups_show", group_id=group.id)

    return handle(GroupIn, lambda problems: _form(problems, None), work, ADVICE, _given)


@page("/administration/groups/<int:group_id>/edit", methods=("GET", "POST"), permission=MANAGE)
def groups_edit(call: Call, group_id: int) -> Answer:
    """Change name, description, priority or query."""
    group = rows.fetch(call.session, Group, group_id, "group")

    def work(body: GroupChangeIn) -> Answer:
        rows.check_row_version(group, row_version(), "group")
        groups.change(call.session, call.actor, group, body.values(), reason=body.reason, now=call.now)
        return done(f"The group {group.name} is changed.", "groups_show", group_id=group.id)

    return handle(GroupChangeIn, lambda problems: _form(problems, group), work, ADVICE)


@page("/administration/groups/<int:group_id>/remove", methods=("GET", "POST"), permission=MANAGE)
def groups_remove(call: Call, group_id: int) -> Answer:
    """Delete a group."""
    group = rows.fetch(call.session, Group, group_id, "group")
    size = groups.sizes(call.session, [group])[group.id]
    stay = "Its device stays." if size == 1 else f"Its {size} devices stay."
    say = (stay, "What it lays over their configurations is left out of those made from now on.")

    def work(reason: str) -> Answer:
        groups.remove(call.session, call.actor, group, reason=reason, now=call.now)
        return done(f"The group {group.name} is removed.", "groups_list")

    back = url_for("pages.groups_show", group_id=group.id)
    return ask(Question(f"Remove the group {group.name}", say, "Remove", back, danger=True), work)


@page("/administration/groups/count", permission=Permission.FLEET_READ)
def groups_count(call: Call) -> Answer:
    """How many devices a label query finds: part of forms."""
    query, fault, count = request.args.get("label_query", "").strip(), "", 0
    try:
        count = groups.count(call.session, query)
    except InvalidError as error:
        fault = error.detail
    return render_template("administration/_count.html", query=query, fault=fault, count=count)


def _given() -> dict[str, Any]:
    """A query that was entered before a list was chosen is not meant."""
    given = fields_of(GroupIn)
    return given | ({"label_query": ""} if given.get("kind") == GroupKind.STATIC else {})


def _form(problems: Problems, group: Group | None) -> str:
    return render_template("administration/group_form.html", problems=problems, group=group, kinds=GroupKind)
