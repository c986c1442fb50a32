"""Which devices a target names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from control_ui.models import Device, Group, GroupMember, HostResult, Run
from control_ui.models.devices import GroupKind
from control_ui.models.runs import HostOutcome, HostProgress, RunState
from control_ui.models.scope import Scope, ScopedSession, SessionFactory, open_session
from control_ui.services.devices.targets import resolve
from control_ui.services.errors import InvalidError, NotFoundError
from tests.control_ui import factories


@dataclass(frozen=True)
class World:
    tenant_id: int
    devices: dict[str, Device]
    static: Group
    canaries: Group
    run: Run


OUTCOMES = {
    "a": (HostProgress.DONE, HostOutcome.OK),
    "b": (HostProgress.DONE, HostOutcome.FAILED),
    "c": (HostProgress.DONE, HostOutcome.UNREACHABLE),
    "d": (HostProgress.INTERRUPTED, None),
    "e": (HostProgress.DONE, HostOutcome.HELD),
    "f": (HostProgress.PENDING, None),
}


@pytest.fixture
def world(session: ScopedSession) -> World:
    tenant, other = factories.tenant(session), factories.tenant(session)
    devices = {name: factories.device(session, tenant, name) for name in "fedcba"}
    devices["b"].ring = "canary"
    factories.device(session, other, "theirs", ring="canary")
    static = factories.group(session, tenant)
    session.add_all(GroupMember(tenant_id=tenant.id, group_id=static.id, device_id=devices[name].id) for name in "ca")
    canaries = factories.group(session, tenant, kind=GroupKind.QUERY, label_query="ring=canary")
    run = factories.run(session, [devices[name] for name in OUTCOMES])
    for result in session.query(HostResult).where(HostResult.run_id == run.id):
        result.progress, result.outcome = OUTCOMES[result.host]
    session.commit()
    return World(tenant.id, devices, static, canaries, run)


def names(sessions: SessionFactory, world: World, target: dict[str, Any]) -> str:
    with open_session(sessions, Scope(world.tenant_id)) as session:
        return "".join(device.name for device in resolve(session, target))


def test_each_kind_of_target_names_its_devices_in_order(sessions: SessionFactory, world: World) -> None:
    ids = [world.devices[name].id for name in ("d", "a", "a")]
    assert names(sessions, world, {"device_ids": ids}) == "ad"
    assert names(sessions, world, {"group_id": world.static.id}) == "ac"
    assert names(sessions, world, {"group_id": world.canaries.id}) == "b"
    assert names(sessions, world, {"query": "ring!=canary,name notin (a,e)"}) == "cdf"
    assert names(sessions, world, {"all": True}) == "abcdef"


@pytest.mark.parametrize(
    ("state", "again"),
    [(RunState.RUNNING, "bcd"), (RunState.LOST, "bcdf"), (RunState.CANCELED, "bcdf"), (RunState.PARTIAL, "bcdf")],
)
def test_the_failed_of_a_run_are_those_it_is_worth_to_try_again(
    sessions: SessionFactory, session: ScopedSession, world: World, state: RunState, again: str
) -> None:
    """A run that has ended comes to no further host; what it held was left out on purpose."""
    world.run.state = state
    session.commit()
    assert names(sessions, world, {"failed_of": world.run.id}) == again


def test_a_group_by_query_holds_only_devices_of_its_own_tenant_whoever_asks(
    session: ScopedSession, world: World
) -> None:
    assert [device.name for device in resolve(session, {"group_id": world.canaries.id})] == ["b"]


@pytest.mark.parametrize(
    "target",
    [{}, {"all": False}, {"all": True, "query": "x"}, {"hosts": ["a"]}, {"query": "ring=none"}, {"query": "ring="}],
)
def test_a_target_that_names_nothing_or_is_unclear_is_refused(
    sessions: SessionFactory, world: World, target: dict[str, Any]
) -> None:
    with pytest.raises(InvalidError):
        names(sessions, world, target)


def test_unknown_devices_are_named_a_few_of_them(sessions: SessionFactory, world: World) -> None:
    with pytest.raises(InvalidError) as caught:
        names(sessions, world, {"device_ids": [world.devices["a"].id, *range(10_000, 10_012)]})
    (fault,) = caught.value.faults
    assert fault.path == "$.target.device_ids"
    assert fault.message.endswith("10008, 10009 and 2 more")


def test_groups_and_runs_of_others_do_not_exist(sessions: SessionFactory, world: World, session: ScopedSession) -> None:
    other = factories.tenant(session)
    group = factories.group(session, other)
    run = factories.run(session, [factories.device(session, other)])
    session.commit()
    for target in ({"group_id": group.id}, {"failed_of": run.id}):
        with pytest.raises(NotFoundError):
            names(sessions, world, target)
