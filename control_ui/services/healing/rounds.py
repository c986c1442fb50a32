"""One round of self-healing: what came of attempts, what is wrong now, whether it is wide, and what to do about the
rest. Each step is a transaction of its own, decided anew from the database, so a round may end anywhere."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime

from control_ui.models.healing import CaseState
from control_ui.models.scope import ScopedSession
from control_ui.services.actor import system
from control_ui.services.audit.trail import REFUSED, Subject, record
from control_ui.services.errors import ServiceError
from control_ui.services.healing import begin, cases, facts, incidents, rules, switch
from control_ui.services.healing.decide import Brake, Plan, next_move, plan
from control_ui.services.healing.plain import Case, Escalate, Limits, Patient, Sizes, Start, Wait
from control_ui.services.healing.settle import settle

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Done:
    """What a round did: attempts begun, persons called, and what the brake held back."""

    begun: int
    escalated: int
    brake: str


def round_(session: ScopedSession, limits: Limits, now: datetime) -> Done:
    """Needs the scope of all tenants. Twice at once does no harm: whoever begins or ends an attempt holds the switch.
    Commits."""
    patients = _look(session, now)
    decided = _decide(session, patients, limits, now)
    begun = escalated = 0
    for case, move in decided.moves:
        if isinstance(move, Start):
            begun += _begin(session, case, patients[case.device_id], move, limits, now)
        elif isinstance(move, Escalate):
            escalated += _escalate(session, case, patients[case.device_id], move, now)
    _close(session, decided, now)
    return Done(begun, escalated, decided.held)


def _look(session: ScopedSession, now: datetime) -> dict[int, Patient]:
    """Attempts settled, cases and incidents brought in line with what is found."""
    switch.locked(session)
    patients = facts.patients(session, now)
    settle(session, patients, now)
    cases.follow(session, patients, now)
    session.commit()
    switch.locked(session)
    sizes = facts.sizes(session)
    incidents.see_to(session, facts.cases(session), patients, sizes, now)
    session.commit()
    return patients


def _decide(session: ScopedSession, patients: dict[int, Patient], limits: Limits, now: datetime) -> Plan:
    found = facts.cases(session)
    attempts = facts.attempts(session, {case.device_id for case in found}, now)
    decided = plan(found, patients, rules.in_force(session), attempts, _brake(session, limits), now)
    session.commit()
    return decided


def _brake(session: ScopedSession, limits: Limits) -> Brake:
    sizes: Sizes = facts.sizes(session)
    state = switch.read(session)
    words = f"paused by {state.paused_by}: {state.pause_reason}" if state.paused_at is not None else ""
    return Brake(
        limits=limits,
        fleet=sizes.fleet,
        running=facts.running(session),
        outages=incidents.lasting(session, sizes),
        paused=words,
        paused_tenants=switch.paused_tenants(session),
    )


def _begin(session: ScopedSession, case: Case, patient: Patient, start: Start, limits: Limits, now: datetime) -> bool:
    """One attempt, if what it was decided on is still so: another clock, a person's pause, or an outage may have come
    between."""
    switch.locked(session)
    made = facts.attempts(session, [case.device_id], now).get(case.device_id, [])
    found = rules.in_force(session).get((case.tenant_id, case.condition), [])
    same = begin.still_open(session, case.id) and next_move(case, patient, found, made, now) == start
    if not same or _brake(session, limits).holds(case.tenant_id):
        session.rollback()
        return False
    try:
        begin.begin(session, case.id, start, now)
    except ServiceError as error:
        session.rollback()
        log.warning("self-healing cannot %s device %s: %s", start.rule.action, case.device_id, error.detail)
        _refused(session, case, start, error.detail, now)
        return False
    session.commit()
    return True


def _refused(session: ScopedSession, case: Case, start: Start, why: str, now: datetime) -> None:
    """What cannot even be asked for is a person's: trying again every few seconds would help nobody."""
    words = f"it could not be asked to {start.rule.action}: {why}"
    if cases.escalate(session, case.id, words, None, now):
        actor, subject = begin.actor_for(case.tenant_id), Subject("device", case.device_id)
        record(
            session, actor, "healing.begin", subject, tenant_id=case.tenant_id, reason=words, outcome=REFUSED, at=now
        )
    session.commit()


def _escalate(session: ScopedSession, case: Case, patient: Patient, move: Escalate, now: datetime) -> bool:
    moved = cases.escalate(session, case.id, move.words, move.cause, now)
    if moved:
        actor, subject = system(begin.NAME, case.tenant_id), Subject("device", case.device_id, patient.name)
        after = {"condition": case.condition, "cause": move.cause or case.cause}
        record(
            session, actor, "healing.escalate", subject, tenant_id=case.tenant_id, reason=move.words, after=after,
            at=now,
        )  # fmt: skip
    session.commit()
    return moved


def _close(session: ScopedSession, decided: Plan, now: datetime) -> None:
    for case, move in decided.moves:
        if isinstance(move, Wait) and case.state == CaseState.OPEN:
            cases.set_note(session, case.id, move.words)
    state = switch.locked(session)
    state.last_round_at, state.brake = now, decided.held
    session.commit()
