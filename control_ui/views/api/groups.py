"""Groups of devices. Their members are listed by `GET /api/devices?group_id=`."""

from __future__ import annotations

from control_ui.models import Group
from control_ui.services import rows
from control_ui.services.devices import groups
from control_ui.services.permissions import Permission
from control_ui.views.api.operation import Api, Call, Reply
from control_ui.views.api.schemas.base import PageQuery, ReasonIn
from control_ui.views.api.schemas.groups import GroupChangeIn, GroupIn, GroupOut, GroupPage, MembersIn, MembersOut

api = Api("groups", "groups")


@api.get("/groups", permission=Permission.FLEET_READ, query=PageQuery, returns=GroupPage)
def list_groups(call: Call, query: PageQuery) -> GroupPage:
    """List groups by name, with how many devices are in each at the moment."""
    page = groups.listed(call.session, limit=query.limit, cursor=query.cursor)
    sizes = groups.sizes(call.session, page.items)
    return GroupPage(items=[GroupOut.of(group, sizes[group.id]) for group in page.items], next=page.next)


@api.post("/groups", permission=Permission.DEVICES_MANAGE, body=GroupIn, returns=GroupOut, status=201, errors=(409,))
def create_group(call: Call, body: GroupIn) -> Reply:
    """Make a group: `static`, with the members you give it, or `query`, of whatever its query finds."""
    group = groups.create(call.session, call.actor, body.kind, body.values(), reason=body.reason, now=call.now)
    return _reply(call, group)


@api.get("/groups/<int:group_id>", permission=Permission.FLEET_READ, returns=GroupOut)
def get_group(call: Call, group_id: int) -> Reply:
    """Show one group. The ETag is what a writer must show."""
    return _reply(call, rows.fetch(call.session, Group, group_id, "group"))


@api.put(
    "/groups/<int:group_id>",
    permission=Permission.DEVICES_MANAGE,
    body=GroupChangeIn,
    returns=GroupOut,
    conditional=True,
    errors=(409,),
)
def change_group(call: Call, group_id: int, body: GroupChangeIn) -> Reply:
    """Change what is given."""
    group = rows.fetch(call.session, Group, group_id, "group")
    rows.check_row_version(group, call.if_match or 0, "group")
    return _reply(call, groups.change(call.session, call.actor, group, body.values(), reason=body.reason, now=call.now))


@api.delete("/groups/<int:group_id>", permission=Permission.DEVICES_MANAGE, query=ReasonIn, status=204)
def delete_group(call: Call, group_id: int, query: ReasonIn) -> None:
    """Delete a group. Its devices stay."""
    group = rows.fetch(call.session, Group, group_id, "group")
    groups.remove(call.session, call.actor, group, reason=query.reason, now=call.now)


@api.post(
    "/groups/<int:group_id>/members",
    permission=Permission.DEVICES_MANAGE,
    body=MembersIn,
    returns=MembersOut,
    errors=(409,),
)
def change_members(call: Call, group_id: int, body: MembersIn) -> MembersOut:
    """Put devices into a static group and take others out. Doing it twice is like doing it once."""
    group = rows.fetch(call.session, Group, group_id, "group")
    added, removed = groups.change_members(
        call.session, call.actor, group, add=body.add, remove=body.remove, reason=body.reason, now=call.now
    )
    return MembersOut(added=added, removed=removed, device_count=groups.sizes(call.session, [group])[group.id])


def _reply(call: Call, group: Group) -> Reply:
    return Reply(GroupOut.of(group, groups.sizes(call.session, [group])[group.id]), etag=group.row_version)
