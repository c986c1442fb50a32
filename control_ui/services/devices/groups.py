"""Groups of devices: a list that people keep, or whatever a label query finds at the moment."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from control_ui.models import Device, Group, GroupMember
from control_ui.models.devices import GroupKind
from control_ui.models.scope import ScopedSession
from control_ui.services import rows
from control_ui.services.actor import Actor
from control_ui.services.audit.trail import Subject, record
from control_ui.services.devices.selector import parse, where
from control_ui.services.errors import ConflictError, Fault, InvalidError
from control_ui.services.pages import Page, paginate

MOST_LISTED = 200
FIELDS = ("name", "description", "label_query", "priority")


def create(
    session: ScopedSession, actor: Actor, kind: GroupKind, values: dict[str, Any], *, reason: str, now: datetime
) -> Group:
    """A new group of the tenant. Raises InvalidError, ConflictError for a name that is taken."""
    tenant = rows.current_tenant(session)
    group = Group(tenant_id=tenant.id, kind=kind, created_at=now)
    _put(session, group, values)
    session.add(group)
    session.flush()
    record(
        session,
        actor,
        "group.create",
        _subject(group),
        tenant_id=group.tenant_id,
        reason=reason,
        after={"kind": group.kind.value, **_shown(group)},
        at=now,
    )
    session.commit()
    return group


def change(
    session: ScopedSession, actor: Actor, group: Group, values: dict[str, Any], *, reason: str, now: datetime
) -> Group:
    """Change what `values` names. Raises InvalidError, ConflictError for a name that is taken."""
    before = _shown(group)
    _put(session, group, values)
    after = _shown(group)
    if after != before:
        record(
            session,
            actor,
            "group.update",
            _subject(group),
            tenant_id=group.tenant_id,
            reason=reason,
            before=before,
            after=after,
            at=now,
        )
    session.commit()
    return group


def remove(session: ScopedSession, actor: Actor, group: Group, *, reason: str, now: datetime) -> None:
    """Delete a group. Its devices stay; the override it carried no longer reaches configurations made from now on."""
    before = {"kind": group.kind.value, **_shown(group), "config_override": group.config_override}
    record(
        session,
        actor,
        "group.delete",
        _subject(group),
        tenant_id=group.tenant_id,
        reason=reason,
        before=before,
        at=now,
    )
    session.delete(group)
    session.commit()


def change_members(
    session: ScopedSession,
    actor: Actor,
    group: Group,
    *,
    add: Iterable[int],
    remove: Iterable[int],
    reason: str,
    now: datetime,
) -> tuple[int, int]:
    """Put devices into a static group and take others out; gives how many came and went. All or nothing.

    Raises ConflictError for a group by query, InvalidError for unknown devices.
    """
    if group.kind != GroupKind.STATIC:
        raise ConflictError(f"{group.name} is whatever its query finds: change the labels of devices, or the query")
    present = set(session.scalars(sa.select(GroupMember.device_id).where(GroupMember.group_id == group.id)))
    coming = _known(session, group, set(add) - present)
    going = set(remove) & present
    session.add_all(
        GroupMember(tenant_id=group.tenant_id, group_id=group.id, device_id=device_id) for device_id in sorted(coming)
    )
    session.execute(
        sa.delete(GroupMember).where(GroupMember.group_id == group.id, GroupMember.device_id.in_(sorted(going)))
    )
    if coming or going:
        after = {"added": _names(session, coming), "removed": _names(session, going)}
        subject = _subject(group)
        record(
            session,
            actor,
            "group.change_members",
            subject,
            tenant_id=group.tenant_id,
            reason=reason,
            after=after,
            at=now,
        )
    session.commit()
    return len(coming), len(going)


def members(group: Group) -> sa.ColumnElement[bool]:
    """The condition on `Device` that holds for the members of a group."""
    if group.kind == GroupKind.QUERY:
        condition = where(parse(group.label_query))
    else:
        condition = Device.id.in_(sa.select(GroupMember.device_id).where(GroupMember.group_id == group.id))
    return sa.and_(Device.tenant_id == group.tenant_id, condition)  # a platform administrator sees those of others, too


def every(session: ScopedSession, limit: int = MOST_LISTED) -> Sequence[Group]:
    """The groups, by name."""
    return session.scalars(sa.select(Group).order_by(Group.name, Group.id).limit(limit)).all()


def sizes(session: ScopedSession, groups: Sequence[Group]) -> dict[int, int]:
    """How many devices are in each of these groups, by one statement."""
    if not groups:
        return {}
    counts = [sa.select(sa.func.count(Device.id)).where(members(group)).scalar_subquery() for group in groups]
    found = session.execute(sa.select(*(count.label(f"of_{at}") for at, count in enumerate(counts)))).one()
    return {group.id: int(size) for group, size in zip(groups, found, strict=True)}


def listed(session: ScopedSession, *, limit: int, cursor: str | None) -> Page[Group]:
    """A page of groups, by name."""
    return paginate(session, sa.select(Group), by=(Group.name, Group.id), limit=limit, cursor=cursor)


def choices(session: ScopedSession) -> list[tuple[int, str]]:
    """Id and name of every group of this scope, by name."""
    return [
        (group_id, name) for group_id, name in session.execute(sa.select(Group.id, Group.name).order_by(Group.name))
    ]


def of_device(session: ScopedSession, device: Device) -> list[Group]:
    """The groups that this device is in now, by name; in two statements, however many groups there are."""
    all_of_them = session.scalars(
        sa.select(Group).where(Group.tenant_id == device.tenant_id).order_by(Group.name)
    ).all()
    if not all_of_them:
        return []
    inside = [sa.exists().where(Device.id == device.id, members(group)) for group in all_of_them]
    found = session.execute(sa.select(*(each.label(f"of_{at}") for at, each in enumerate(inside)))).one()
    return [group for group, is_in in zip(all_of_them, found, strict=True) if is_in]


def count(session: ScopedSession, query: str) -> int:
    """How many devices of this scope a label query finds. Raises InvalidError."""
    return session.scalars(sa.select(sa.func.count(Device.id)).where(where(parse(query)))).one()


def _put(session: ScopedSession, group: Group, values: dict[str, Any]) -> None:
    for name, value in values.items():
        setattr(group, name, value)
    if group.kind == GroupKind.QUERY and not (group.label_query or "").strip():
        raise InvalidError("a group by query needs a query", [Fault("$.label_query", "is missing")])
    if group.kind == GroupKind.STATIC and group.label_query:
        raise InvalidError("a static group has no query", [Fault("$.label_query", "is for groups of kind query")])
    parse(group.label_query or "")
    taken = sa.select(Group.id).where(
        Group.tenant_id == group.tenant_id, Group.name == group.name, Group.id != (group.id or 0)
    )
    with session.no_autoflush:
        if session.scalars(taken).first() is not None:
            raise ConflictError(f"there is a group {group.name} already")


def _known(session: ScopedSession, group: Group, ids: set[int]) -> set[int]:
    query = sa.select(Device.id).where(Device.id.in_(sorted(ids)), Device.tenant_id == group.tenant_id)
    found = set(session.scalars(query))
    if unknown := sorted(ids - found):
        words = ", ".join(map(str, unknown[:10]))
        raise InvalidError("some of these devices do not exist", [Fault("$.add", f"unknown: {words}")])
    return found


def _names(session: ScopedSession, ids: set[int]) -> list[str]:
    return list(session.scalars(sa.select(Device.name).where(Device.id.in_(sorted(ids))).order_by(Device.name)))


def _shown(group: Group) -> dict[str, Any]:
    return {name: getattr(group, name) for name in FIELDS}


def _subject(group: Group) -> Subject:
    return Subject("group", group.id, group.name)
