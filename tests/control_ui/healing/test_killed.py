"""The control plane is killed in the middle of healing, before every single statement: nothing is done twice, and
nothing is forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import event

from control_ui.models import AuditEntry, Device, HealingAction, HealingCase, HostResult, Run
from control_ui.models.healing import ActionState, CaseState, RuleAction
from control_ui.models.scope import ALL_TENANTS, SessionFactory, open_session
from control_ui.services.healing import begin, rounds
from control_ui.services.healing.plain import Limits
from control_ui.services.runs.catalogue import catalogue
from control_ui.settings import REPOSITORY
from tests.control_ui.healing.conftest import MINUTE, SECOND, Ward, stuck

MANY = Limits(100, 100)


class KilledError(BaseException):
    """The process is gone: nothing catches it."""


@contextmanager
def killed_before(sessions: SessionFactory, statement: int) -> Iterator[list[int]]:
    """Whoever is about to send the `statement`-th one from now on is killed. Gives how many were sent."""
    sent = [0]

    def count(*_of_cursor: Any) -> None:
        sent[0] += 1
        if sent[0] == statement:
            raise KilledError

    engine = sessions.kw["bind"]
    event.listen(engine, "before_cursor_execute", count)
    try:
        yield sent
    except KilledError:
        pass
    finally:
        event.remove(engine, "before_cursor_execute", count)


def one_round(sessions: SessionFactory, ward: Ward, kill_at: int = 0) -> bool:
    """By a process of its own; gives whether it was killed."""
    with killed_before(sessions, kill_at) as sent, open_session(sessions, ALL_TENANTS) as session:
        rounds.round_(session, MANY, ward.now)
    ward.session.rollback()
    return bool(kill_at) and sent[0] >= kill_at


def actions_of(ward: Ward, device: Device) -> list[HealingAction]:
    query = sa.select(HealingAction).where(HealingAction.device_id == device.id)
    return list(ward.session.scalars(query.execution_options(populate_existing=True)))


def runs_on(ward: Ward, device: Device) -> list[int]:
    return list(ward.session.scalars(sa.select(HostResult.run_id).where(HostResult.device_id == device.id)))


def test_killed_before_any_statement_of_the_round_that_begins_an_attempt(ward: Ward, sessions: SessionFactory) -> None:
    tenant, kill_at, killed = ward.tenant(), 0, True
    well = [ward.device(tenant) for _ in range(4)]
    while killed:
        kill_at += 1
        device = ward.device(tenant)
        ward.checks_in(device, stuck())
        one_round(sessions, ward)
        ward.later(3 * MINUTE)
        killed = one_round(sessions, ward, kill_at)
        ward.later(SECOND)
        one_round(sessions, ward)
        one_round(sessions, ward)
        (action,) = actions_of(ward, device)
        assert runs_on(ward, device) == [action.run_id], f"killed before statement {kill_at}"
        ward.session.execute(sa.delete(HealingAction).where(HealingAction.id == action.id))
        ward.checks_in(device)
        one_round(sessions, ward)
    assert kill_at > 30, "the round must have been long enough to be killed in"
    assert len(well) == 4


def test_killed_before_any_statement_of_the_round_that_ends_it(ward: Ward, sessions: SessionFactory) -> None:
    tenant, kill_at, killed = ward.tenant(), 0, True
    while killed:
        kill_at += 1
        device = ward.device(tenant)
        ward.checks_in(device, stuck())
        one_round(sessions, ward)
        ward.later(3 * MINUTE)
        one_round(sessions, ward)
        (action,) = actions_of(ward, device)
        ward.ends(ward.session.get_one(Run, action.run_id, populate_existing=True))
        ward.later(10 * SECOND)
        ward.checks_in(device)
        killed = one_round(sessions, ward, kill_at)
        ward.later(SECOND)
        one_round(sessions, ward)
        (action,) = actions_of(ward, device)
        assert action.state == ActionState.HEALED, f"killed before statement {kill_at}"
        ended = sa.select(AuditEntry).where(AuditEntry.action == "healing.end", AuditEntry.subject_id == str(device.id))
        assert len(ward.session.scalars(ended).all()) == 1, f"killed before statement {kill_at}"
        case = ward.session.get_one(HealingCase, action.case_id, populate_existing=True)
        assert case.state == CaseState.CLOSED
    assert kill_at > 20


def test_two_clocks_at_once_begin_one_attempt(ward: Ward, sessions: SessionFactory) -> None:
    """The other one's round comes between this one's decision and its attempt."""
    device = ward.device(ward.tenant())
    ward.checks_in(device, stuck())
    one_round(sessions, ward)
    ward.later(3 * MINUTE)
    meanwhile = [lambda: one_round(sessions, ward)]
    original = rounds._begin

    def begin_late(*given: Any, **named: Any) -> bool:
        if meanwhile:
            meanwhile.pop()()
        return original(*given, **named)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rounds, "_begin", begin_late)
        assert ward.round().begun == 0
    assert len(actions_of(ward, device)) == 1
    assert len(ward.runs()) == 1


def test_a_person_who_stops_it_between_decision_and_attempt_is_obeyed(ward: Ward, sessions: SessionFactory) -> None:
    from control_ui.services.actor import system
    from control_ui.services.healing import switch

    device = ward.device(ward.tenant())
    ward.checks_in(device, stuck())
    ward.round()
    ward.later(3 * MINUTE)
    original = rounds._begin

    def begin_late(*given: Any, **named: Any) -> bool:
        with open_session(sessions, ALL_TENANTS) as session:
            switch.pause(session, system("a person"), "something is odd", ward.now)
        return original(*given, **named)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rounds, "_begin", begin_late)
        assert ward.round().begun == 0
    assert ward.runs() == []


def test_what_cannot_be_asked_for_is_a_persons(ward: Ward) -> None:
    device = ward.device(ward.tenant())
    ward.checks_in(device, stuck())
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(begin._RUNS, RuleAction.RESTART_UNITS, ("nothing-of-this-name", {}))
        ward.rounds(3 * MINUTE, 10 * SECOND)
    (case,) = ward.cases()
    assert case.state == CaseState.ESCALATED
    assert "there is no playbook" in case.note
    assert [entry.outcome for entry in ward.audited("healing.begin")] == ["refused"]
    catalogue.load(REPOSITORY)
