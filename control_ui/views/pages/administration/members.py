"""The devices of a group: of a static one, who is in and who could be."""

from __future__ import annotations

from typing import Annotated

from flask import render_template, request
from pydantic import Field

from control_ui.models import Group
from control_ui.models.devices import GroupKind
from control_ui.services import rows
from control_ui.services.devices import groups, search
from control_ui.services.permissions import Permission
from control_ui.views.api.operation import Call
from control_ui.views.api.schemas.base import ReasonIn, RowId
from control_ui.views.pages.administration.tabs import PER_PAGE, cursor, row_id, show, text
from control_ui.views.pages.form import Problems, handle
from control_ui.views.pages.page import Answer, done, page


class MembersIn(ReasonIn):
    device_id: Annotated[list[RowId], Field(min_length=1, max_length=PER_PAGE)]


@page("/administration/groups/<int:group_id>", permission=Permission.FLEET_READ)
def groups_show(call: Call, group_id: int) -> Answer:
    """Who is in a group, or (`others`) who is not."""
    group = rows.fetch(call.session, Group, group_id, "group")
    others = group.kind == GroupKind.STATIC and request.args.get("others") == "1"
    wanted = search.Filter(
        text=text("q") or None,
        group_id=None if others else group.id,
        not_in_group_id=group.id if others else None,
    )
    return show(
        "group",
        "groups_list",
        group=group,
        size=groups.sizes(call.session, [group])[group.id],
        others=others,
        found=search.find(call.session, wanted, limit=PER_PAGE, cursor=cursor()),
    )


@page(
    "/administration/groups/<int:group_id>/<any(put_in, take_out):what>",
    methods=("GET", "POST"),
    permission=Permission.DEVICES_MANAGE,
)
def groups_members(call: Call, group_id: int, what: str) -> Answer:
    """Put the chosen devices into a static group, or take them out."""
    group = rows.fetch(call.session, Group, group_id, "group")
    coming = what == "put_in"

    def form(problems: Problems) -> str:
        chosen = search.named(call.session, request.values.getlist("device_id", type=row_id)[:PER_PAGE])
        return render_template(
            "administration/members.html", problems=problems, group=group, coming=coming, chosen=chosen
        )

    def work(body: MembersIn) -> Answer:
        add, remove = (body.device_id, []) if coming else ([], body.device_id)
        came, went = groups.change_members(
            call.session, call.actor, group, add=add, remove=remove, reason=body.reason, now=call.now
        )
        message = f"Came into {group.name}: {came}." if coming else f"Left {group.name}: {went}."
        return done(message, "groups_show", group_id=group.id)

    return handle(MembersIn, form, work, {"device_id": "Choose at least one device"})
