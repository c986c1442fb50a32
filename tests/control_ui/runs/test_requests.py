"""Asking for a run."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from control_ui.models import AuditEntry, Deployment, Device, HostResult, Run
from control_ui.models.deployments import DeploymentState, Strategy
from control_ui.models.people import Role
from control_ui.models.runs import HostProgress, RunState
from control_ui.models.scope import Scope, ScopedSession, SessionFactory, open_session
from control_ui.services import actor
from control_ui.services.errors import ForbiddenError, InvalidError, NotFoundError
from control_ui.services.runs.requests import RunRequest, request
from tests.control_ui import factories
from tests.control_ui.conftest import NOW
from tests.control_ui.runs.conftest import Fleet, make_fleet


def hosts(session: ScopedSession, run: Run) -> list[HostResult]:
    return list(session.scalars(sa.select(HostResult).where(HostResult.run_id == run.id).order_by(HostResult.host)))


def ask(session: ScopedSession, fleet: Fleet, playbook: str = "look", **values: Any) -> Run:
    target = values.pop("target", {"device_ids": fleet.ids()})
    return request(session, fleet.actor, RunRequest(playbook, target, **values), NOW)


def test_a_run_is_queued_with_a_row_for_each_host(session: ScopedSession, fleet: Fleet) -> None:
    run = ask(session, fleet, "change", variables={"text": "x"}, reason="because", not_before=NOW + timedelta(hours=1))
    assert (run.state, run.mutating, run.requested_by) == (RunState.QUEUED, True, fleet.operator.email)
    assert run.counts == {"total": 3, "pending": 3}
    assert [(host.host, host.progress, host.outcome) for host in hosts(session, run)] == [
        (name, HostProgress.PENDING, None) for name in ("pi-01", "pi-02", "pi-03")
    ]


def test_who_asked_for_what_on_which_hosts_and_why_is_in_the_audit_trail(session: ScopedSession, fleet: Fleet) -> None:
    run = ask(session, fleet, "change", variables={"text": "x"}, reason="because")
    entry = session.scalars(sa.select(AuditEntry).where(AuditEntry.action == "run.request")).one()
    assert (entry.subject_id, entry.actor_name, entry.reason) == (str(run.id), fleet.operator.email, "because")
    after = entry.after or {}
    assert (after["hosts"], after["variables"]) == (["pi-01", "pi-02", "pi-03"], {"text": "x"})


@pytest.mark.parametrize(("playbook", "check_mode", "mutating"), [("change", True, False), ("look", False, False)])
def test_what_changes_nothing_needs_no_device_for_itself(
    session: ScopedSession, fleet: Fleet, playbook: str, check_mode: bool, mutating: bool
) -> None:
    assert ask(session, fleet, playbook, check_mode=check_mode).mutating is mutating


def test_check_mode_is_refused_where_a_playbook_does_not_know_it(session: ScopedSession, fleet: Fleet) -> None:
    with pytest.raises(InvalidError, match="no check mode") as caught:
        ask(session, fleet, "hang", check_mode=True)
    assert [fault.path for fault in caught.value.faults] == ["$.check_mode"]


def test_an_unknown_playbook_and_bad_variables_leave_nothing_behind(session: ScopedSession, fleet: Fleet) -> None:
    with pytest.raises(NotFoundError):
        ask(session, fleet, "unlisted")
    with pytest.raises(InvalidError):
        ask(session, fleet, "look", variables={"text": 7})
    assert session.scalars(sa.select(Run)).all() == []


def test_who_may_only_look_may_ask_for_no_run(session: ScopedSession, fleet: Fleet) -> None:
    viewer = factories.actor(factories.user(session, fleet.tenant, Role.VIEWER))
    with pytest.raises(ForbiddenError, match="fleet:operate"):
        request(session, viewer, RunRequest("look", {"all": True}), NOW)


def test_a_run_over_two_tenants_is_refused(session: ScopedSession, fleet: Fleet) -> None:
    make_fleet(session, "pi-04")
    with pytest.raises(InvalidError, match="X-Tenant"):
        request(session, actor.system("a test"), RunRequest("look", {"all": True}), NOW)


def test_in_a_tenant_s_scope_all_means_its_own(sessions: SessionFactory, session: ScopedSession, fleet: Fleet) -> None:
    make_fleet(session, "pi-04")
    with open_session(sessions, Scope(fleet.tenant.id)) as scoped:
        run = request(scoped, fleet.actor, RunRequest("look", {"all": True}), NOW)
        assert [host.host for host in hosts(scoped, run)] == ["pi-01", "pi-02", "pi-03"]


def test_each_host_gets_the_configuration_that_was_named_for_it(session: ScopedSession, fleet: Fleet) -> None:
    versions = {device.id: factories.config_version(session, device).id for device in fleet.named("pi-01", "pi-03")}
    run = ask(session, fleet, "change", config_versions=versions)
    first, second, third = fleet.ids()
    assert {host.device_id: host.config_version_id for host in hosts(session, run)} == {
        first: versions[first],
        second: None,
        third: versions[third],
    }


def test_a_configuration_of_another_device_is_refused(session: ScopedSession, fleet: Fleet) -> None:
    first, second = fleet.devices[:2]
    version = factories.config_version(session, first)
    with pytest.raises(InvalidError) as caught:
        ask(session, fleet, "change", config_versions={second.id: version.id, 999: version.id})
    assert [fault.path for fault in caught.value.faults] == [
        f"$.config_versions.{second.id}",
        "$.config_versions.999",
    ]


def test_without_commit_it_is_part_of_the_caller_s_transaction(session: ScopedSession, fleet: Fleet) -> None:
    target = {"device_ids": fleet.ids()}
    request(session, actor.system("deployments"), RunRequest("change", target), NOW, commit=False)
    session.rollback()
    assert session.scalars(sa.select(Run)).all() == []


def test_where_four_eyes_are_asked_for_a_change_is_proposed_and_shown_first(
    session: ScopedSession, careful: Fleet
) -> None:
    version = factories.config_version(session, careful.devices[0])
    run = ask(session, careful, "change", variables={"text": "x"}, config_versions={careful.devices[0].id: version.id})
    check = session.scalars(sa.select(Run).where(Run.check_of_id == run.id)).one()
    assert (run.state, check.state) == (RunState.PROPOSED, RunState.QUEUED)
    assert (check.check_mode, check.mutating, check.variables) == (True, False, {"text": "x"})
    assert [host.config_version_id for host in hosts(session, check)] == [version.id, None, None]


@pytest.mark.parametrize("values", [{"playbook": "look"}, {"playbook": "change", "check_mode": True}])
def test_what_changes_nothing_needs_no_approval(session: ScopedSession, careful: Fleet, values: dict[str, Any]) -> None:
    assert ask(session, careful, **values).state == RunState.QUEUED


def test_a_playbook_without_check_mode_can_be_approved_by_its_inputs(session: ScopedSession, careful: Fleet) -> None:
    run = ask(session, careful, "hang", variables={"directory": "/nowhere"})
    assert run.state == RunState.PROPOSED
    assert run.diff_sha256
    assert run.revision
    assert all(host.inputs_sha256 for host in hosts(session, run))
    assert session.scalars(sa.select(Run).where(Run.check_of_id == run.id)).all() == []


def test_what_a_deployment_starts_was_approved_with_it(session: ScopedSession, careful: Fleet) -> None:
    deployment = Deployment(
        tenant_id=careful.tenant.id, strategy=Strategy.ALL, target={"all": True}, state=DeploymentState.RUNNING,
        requested_by="a test", requested_at=NOW,
    )  # fmt: skip
    session.add(deployment)
    session.flush()
    target = {"device_ids": careful.ids()}
    wanted = RunRequest("change", target, deployment_id=deployment.id)
    assert request(session, actor.system("deployments"), wanted, NOW).state == RunState.QUEUED


def test_a_device_that_is_unknown_is_told(session: ScopedSession, fleet: Fleet) -> None:
    gone = max(session.scalars(sa.select(Device.id))) + 1
    with pytest.raises(InvalidError, match="do not exist"):
        ask(session, fleet, target={"device_ids": [gone]})
