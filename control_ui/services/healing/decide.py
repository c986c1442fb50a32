"""What to do about a case now: a pure function over plain data, and the brake above it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from control_ui.models.healing import ActionState, CaseState, RuleAction, Then
from control_ui.services.devices.reasons import duration
from control_ui.services.healing.conditions import CONFIGURATION_NOT_TAKEN, OFFLINE, UNREACHABLE
from control_ui.services.healing.plain import (
    Attempt,
    Case,
    Escalate,
    Limits,
    Move,
    Outage,
    Patient,
    Rule,
    Start,
    Wait,
    lasting,
)

MAILBOX = {RuleAction.RESTART_STREAM, RuleAction.RESTART_UNITS, RuleAction.REBOOT}
"""What a Pi's own agent can be asked for."""
WITHOUT_DEVICE = {
    RuleAction.QUARANTINE,
    RuleAction.ROLL_BACK_CONFIGURATION,
    RuleAction.RESTORE_CONFIGURATION,
}
"""What is done here, however the device can be reached."""
_POWER_OR_NETWORK = "it neither checks in nor answers over SSH: its power or its network is away, or the Pi is broken"


def next_move(case: Case, patient: Patient, rules: Sequence[Rule], attempts: Sequence[Attempt], now: datetime) -> Move:
    """The move against one open case. `rules` are those in force for its tenant and condition, `attempts` all of this
    device within their windows, of any condition. The brake is not asked here."""
    if case.state != CaseState.OPEN:
        return Wait("a person is needed")
    if case.incident_id is not None:
        return Wait("part of a wide outage: nothing is done to single sites")
    if any(attempt.state == ActionState.RUNNING for attempt in attempts):
        return Wait("an attempt is under way")
    if patient.block is not None and patient.block.quiet:
        return Wait(patient.block.words)
    move = _by_rules(case, patient, rules, attempts, now)
    if isinstance(move, Start) and patient.block is not None:
        return Wait(patient.block.words)
    return move


def _by_rules(case: Case, patient: Patient, rules: Sequence[Rule], attempts: Sequence[Attempt], now: datetime) -> Move:
    for rule in sorted((rule for rule in rules if rule.enabled), key=lambda rule: rule.step):
        if lasting(case.since, now) < timedelta(seconds=rule.after_seconds):
            return Wait(f"its rule acts once it has lasted {duration(rule.after_seconds)}")
        if rule.action == RuleAction.PERSON:
            return Escalate(_tried(case, attempts, "no restart mends this"))
        made = _of_rule(rule, attempts, now)
        if len(made) >= rule.most_attempts:
            if rule.then == Then.PERSON:
                return Escalate(_tried(case, attempts, "its attempts are used up"), _cause(case, attempts))
            continue
        return _attempt(case, patient, rule, attempts, len(made) + 1, now)
    if any(rule.enabled for rule in rules):
        return Escalate(_tried(case, attempts, "its attempts are used up"), _cause(case, attempts))
    return Wait("no rule is in force for it")


def _attempt(case: Case, patient: Patient, rule: Rule, attempts: Sequence[Attempt], number: int, now: datetime) -> Move:
    """One more of this rule, if it can be made and its time has come. What cannot be made is told at once."""
    if patient.four_eyes and not rule.unattended:
        return Escalate(
            f"its rule would {rule.action}, and this tenant asks for a second person's approval:"
            " start it, and have it approved"
        )
    by_run = _by_run(case, patient, rule, attempts)
    if by_run is None:
        return _out_of_reach(case, rule, attempts)
    over = max((attempt.finished_at for attempt in attempts if attempt.finished_at is not None), default=None)
    if over is not None and (rest := timedelta(seconds=rule.cooldown_seconds) - (now - over)) > timedelta(0):
        return Wait(f"the next attempt is in {duration(rest.total_seconds())}")
    return Start(rule, number, by_run)


def _by_run(case: Case, patient: Patient, rule: Rule, attempts: Sequence[Attempt]) -> bool | None:
    """Whether over SSH, or else through the mailbox or from here; None: there is no way."""
    if rule.action in WITHOUT_DEVICE:
        return False
    if patient.ssh and not _deaf(case, attempts):
        return True
    return False if patient.mailbox and rule.action in MAILBOX else None


def _deaf(case: Case, attempts: Sequence[Attempt]) -> bool:
    """Whether SSH did not reach it in this case."""
    return any(attempt.case_id == case.id and attempt.state == ActionState.UNREACHABLE for attempt in attempts)


def _out_of_reach(case: Case, rule: Rule, attempts: Sequence[Attempt]) -> Escalate:
    if case.condition == OFFLINE:
        deaf = _deaf(case, attempts)
        return Escalate(_POWER_OR_NETWORK if deaf else "it does not check in, and SSH has no way to it", UNREACHABLE)
    if case.condition == CONFIGURATION_NOT_TAKEN:
        return Escalate("it checks in but does not fetch what is wanted, and SSH has no way to it")
    return Escalate(f"SSH has no way to it, and its agent cannot be asked to {rule.action}")


def _of_rule(rule: Rule, attempts: Sequence[Attempt], now: datetime) -> list[Attempt]:
    since = now - timedelta(seconds=rule.window_seconds)
    return [
        attempt
        for attempt in attempts
        if (attempt.condition, attempt.step) == (rule.condition, rule.step) and attempt.started_at > since
    ]


def _tried(case: Case, attempts: Sequence[Attempt], why: str) -> str:
    mine = sum(attempt.case_id == case.id for attempt in attempts)
    return f"{mine} attempt{'s' if mine > 1 else ''} did not help: {why}" if mine else why


def _cause(case: Case, attempts: Sequence[Attempt]) -> str | None:
    """What the attempts have told of it."""
    return UNREACHABLE if case.condition == OFFLINE and _deaf(case, attempts) else None


@dataclass(frozen=True)
class Brake:
    """What holds everything back. `running`: attempts under way, anywhere."""

    limits: Limits
    fleet: int
    running: int
    outages: Sequence[Outage] = ()
    paused: str = ""
    """Why nothing at all is done; empty while it is not paused."""
    paused_tenants: Mapping[int, str] | None = None

    def holds(self, tenant_id: int, more: int = 0) -> str:
        """Why no attempt may begin at a device of this tenant, if `more` have begun in this round; empty: it may."""
        if self.paused:
            return self.paused
        if self.paused_tenants and tenant_id in self.paused_tenants:
            return self.paused_tenants[tenant_id]
        for outage in self.outages:
            if outage.whole_fleet or tenant_id in outage.tenant_ids:
                return f"wide outage ({len(outage.device_ids)} sites): no automatic action meanwhile"
        most = self.limits.at_once(self.fleet)
        if self.running + more >= most:
            return f"{self.running + more} of at most {most} attempts are under way already"
        return ""


@dataclass(frozen=True)
class Plan:
    """The moves of a round: what is to be done to which case, the oldest first; `held` says why the brake kept any
    attempt from being made, empty if none."""

    moves: list[tuple[Case, Move]]
    held: str = ""


def plan(
    cases: Collection[Case],
    patients: Mapping[int, Patient],
    rules: Mapping[tuple[int, str], Sequence[Rule]],
    attempts: Mapping[int, Sequence[Attempt]],
    brake: Brake,
    now: datetime,
) -> Plan:
    """`rules` by tenant and condition, `attempts` by device. At most one attempt begins on a device."""
    moves: list[tuple[Case, Move]] = []
    begun: set[int] = set()
    held = ""
    for case in sorted(cases, key=lambda case: (case.since, case.id)):
        patient = patients.get(case.device_id)
        if patient is None:
            continue
        found = rules.get((case.tenant_id, case.condition), ())
        move = next_move(case, patient, found, attempts.get(case.device_id, ()), now)
        if isinstance(move, Start):
            if case.device_id in begun:
                move = Wait("another attempt on this device has just begun")
            elif why := brake.holds(case.tenant_id, len(begun)):
                held, move = held or why, Wait(why)
            else:
                begun.add(case.device_id)
        moves.append((case, move))
    return Plan(moves, held)
