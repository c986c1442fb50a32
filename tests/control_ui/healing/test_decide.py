"""What is done about a case: every branch of the decision, on plain data."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from control_ui.models.healing import ActionState, CaseState, RuleAction, Then
from control_ui.services.healing.decide import Brake, next_move, plan
from control_ui.services.healing.plain import (
    Attempt,
    Block,
    Case,
    Escalate,
    Limits,
    Outage,
    Patient,
    Rule,
    Start,
    Wait,
)
from tests.control_ui.conftest import NOW

CASE = Case(1, 7, 2, "stream_not_reporting", "stream service", NOW - timedelta(minutes=20))
PATIENT = Patient(7, 2, "pi-7", "west")
RESTART = Rule("stream_not_reporting", 1, 120, RuleAction.RESTART_UNITS, 180, 2, 3600, Then.NEXT, unattended=True)
REBOOT = replace(RESTART, step=2, after_seconds=600, action=RuleAction.REBOOT, most_attempts=1, then=Then.PERSON)
RULES = [REBOOT, RESTART]


def tried(step: int = 1, minutes_ago: float = 10, **values: Any) -> Attempt:
    at = NOW - timedelta(minutes=minutes_ago)
    defaults: dict[str, Any] = {
        "id": 1, "case_id": 1, "device_id": 7, "condition": "stream_not_reporting", "step": step,
        "state": ActionState.NOT_HEALED, "started_at": at, "finished_at": at + timedelta(minutes=1),
    }  # fmt: skip
    return Attempt(**defaults | values)


@pytest.mark.parametrize("seconds", [0, 119])
def test_nothing_is_done_before_it_has_lasted(seconds: int) -> None:
    case = replace(CASE, since=NOW - timedelta(seconds=seconds))
    assert isinstance(next_move(case, PATIENT, RULES, [], NOW), Wait)


def test_the_first_step_begins_exactly_when_it_has_lasted_long_enough() -> None:
    case = replace(CASE, since=NOW - timedelta(seconds=120))
    assert next_move(case, PATIENT, RULES, [], NOW) == Start(RESTART, 1, by_run=True)


def test_a_time_in_the_future_has_not_lasted_at_all() -> None:
    assert isinstance(next_move(replace(CASE, since=NOW + timedelta(days=1)), PATIENT, RULES, [], NOW), Wait)


def test_the_next_attempt_waits_for_the_cooldown() -> None:
    assert next_move(CASE, PATIENT, RULES, [tried(minutes_ago=3)], NOW) == Wait("the next attempt is in 60 s")
    assert next_move(CASE, PATIENT, RULES, [tried(minutes_ago=4)], NOW) == Start(RESTART, 2, by_run=True)


def test_an_attempt_on_anything_else_of_the_device_counts_for_the_cooldown_too() -> None:
    other = tried(minutes_ago=2, condition="memory_high", case_id=9)
    assert isinstance(next_move(CASE, PATIENT, RULES, [other], NOW), Wait)


def test_used_up_attempts_lead_to_the_next_step_and_then_to_a_person() -> None:
    twice = [tried(minutes_ago=18), tried(minutes_ago=12)]
    assert next_move(CASE, PATIENT, RULES, twice, NOW) == Start(REBOOT, 1, by_run=True)
    move = next_move(CASE, PATIENT, RULES, [*twice, tried(step=2, minutes_ago=5)], NOW)
    assert move == Escalate("3 attempts did not help: its attempts are used up")


def test_attempts_of_earlier_cases_count_within_the_window_and_not_beyond() -> None:
    """What heals for five minutes again and again is not healed."""
    earlier = [tried(minutes_ago=50, case_id=8), tried(minutes_ago=40, case_id=9)]
    assert next_move(CASE, PATIENT, RULES, earlier, NOW) == Start(REBOOT, 1, by_run=True)
    long_ago = [tried(minutes_ago=61, case_id=8), tried(minutes_ago=62, case_id=9)]
    assert next_move(CASE, PATIENT, RULES, long_ago, NOW) == Start(RESTART, 1, by_run=True)


@pytest.mark.parametrize("state", [CaseState.ESCALATED, CaseState.CLOSED])
def test_what_is_a_persons_or_over_is_left_alone(state: CaseState) -> None:
    assert isinstance(next_move(replace(CASE, state=state), PATIENT, RULES, [], NOW), Wait)


def test_nothing_begins_while_an_attempt_is_under_way() -> None:
    busy = tried(state=ActionState.RUNNING, finished_at=None)
    assert next_move(CASE, PATIENT, RULES, [busy], NOW) == Wait("an attempt is under way")


def test_a_part_of_a_wide_outage_is_left_alone() -> None:
    assert isinstance(next_move(replace(CASE, incident_id=3), PATIENT, RULES, [], NOW), Wait)


@pytest.mark.parametrize(("quiet", "escalates"), [(True, False), (False, True)])
def test_a_blocked_device_gets_no_attempt_and_a_person_only_where_nobody_is_at_it(
    *, quiet: bool, escalates: bool
) -> None:
    blocked = replace(PATIENT, block=Block("held: on the bench", quiet))
    assert next_move(CASE, blocked, RULES, [], NOW) == Wait("held: on the bench")
    used_up = [tried(minutes_ago=18), tried(minutes_ago=12), tried(step=2, minutes_ago=5)]
    assert isinstance(next_move(CASE, blocked, RULES, used_up, NOW), Escalate) is escalates


def test_without_a_rule_nothing_happens_and_a_disabled_rule_is_none() -> None:
    for rules in ([], [replace(RESTART, enabled=False)]):
        assert next_move(CASE, PATIENT, rules, [], NOW) == Wait("no rule is in force for it")
    assert next_move(CASE, PATIENT, [replace(RESTART, enabled=False), REBOOT], [], NOW) == Start(REBOOT, 1, by_run=True)


def test_four_eyes_stop_what_a_rule_does_not_do_unattended() -> None:
    careful = replace(PATIENT, four_eyes=True)
    assert isinstance(next_move(CASE, careful, RULES, [], NOW), Start)
    move = next_move(CASE, careful, [replace(RESTART, unattended=False)], [], NOW)
    assert isinstance(move, Escalate)
    assert "second person's approval" in move.words


@pytest.mark.parametrize(("ssh", "mailbox", "by_run"), [(True, True, True), (True, False, True), (False, True, False)])
def test_a_device_is_reached_over_ssh_or_else_through_its_mailbox(*, ssh: bool, mailbox: bool, by_run: bool) -> None:
    move = next_move(CASE, replace(PATIENT, ssh=ssh, mailbox=mailbox), RULES, [], NOW)
    assert move == Start(RESTART, 1, by_run)


def test_after_ssh_did_not_reach_it_the_mailbox_is_tried() -> None:
    deaf = tried(state=ActionState.UNREACHABLE)
    assert next_move(CASE, PATIENT, RULES, [deaf], NOW) == Start(RESTART, 2, by_run=False)


def test_what_nothing_reaches_is_a_persons() -> None:
    lost = replace(PATIENT, ssh=False, mailbox=False)
    assert isinstance(next_move(CASE, lost, RULES, [], NOW), Escalate)
    offline = replace(CASE, condition="offline")
    rule = replace(RESTART, condition="offline", action=RuleAction.RESTART_AGENT)
    move = next_move(offline, lost, [rule], [], NOW)
    assert isinstance(move, Escalate)
    assert move.cause == "unreachable"
    assert isinstance(next_move(replace(CASE, condition="configuration_not_taken"), lost, [rule], [], NOW), Escalate)


def test_the_mailbox_cannot_put_a_configuration_in_force() -> None:
    rule = replace(RESTART, action=RuleAction.REDEPLOY_CONFIGURATION)
    assert isinstance(next_move(CASE, replace(PATIENT, ssh=False), [rule], [], NOW), Escalate)


@pytest.mark.parametrize("action", [RuleAction.QUARANTINE, RuleAction.ROLL_BACK_CONFIGURATION])
def test_what_is_done_from_here_needs_no_way_to_the_device(action: RuleAction) -> None:
    lost = replace(PATIENT, ssh=False, mailbox=False)
    assert isinstance(next_move(CASE, lost, [replace(RESTART, action=action)], [], NOW), Start)


@pytest.mark.parametrize(("fleet", "most"), [(0, 1), (1, 1), (5, 1), (39, 1), (40, 2), (99, 4), (100, 5), (500, 5)])
def test_the_brake_allows_five_or_five_percent_and_one_at_least(fleet: int, most: int) -> None:
    assert Limits().at_once(fleet) == most
    brake = Brake(Limits(), fleet, running=most - 1)
    assert brake.holds(1) == ""
    assert f"{most} of at most {most}" in brake.holds(1, more=1)


def test_a_pause_holds_everything_and_a_tenants_only_its_own() -> None:
    assert Brake(Limits(), 100, 0, paused="paused by me").holds(1) == "paused by me"
    own = Brake(Limits(), 100, 0, paused_tenants={1: "paused by them"})
    assert (own.holds(1), own.holds(2)) == ("paused by them", "")


@pytest.mark.parametrize(("whole", "other"), [(True, True), (False, False)])
def test_a_wide_outage_holds_its_tenants_and_the_fleet_only_if_it_is_the_fleets(*, whole: bool, other: bool) -> None:
    brake = Brake(Limits(), 100, 0, outages=[Outage("offline", frozenset({1, 2, 3}), frozenset({2}), whole)])
    assert "wide outage" in brake.holds(2)
    assert bool(brake.holds(1)) is other


def test_a_plan_begins_one_attempt_a_device_and_as_many_as_the_brake_allows_the_oldest_first() -> None:
    patients = {device: replace(PATIENT, device_id=device) for device in (1, 2, 3)}
    cases = [
        replace(CASE, id=device, device_id=device, since=CASE.since - timedelta(minutes=device)) for device in (1, 2, 3)
    ]
    cases.append(replace(cases[2], id=9, since=CASE.since))
    rules = {(2, "stream_not_reporting"): RULES}
    made = plan(cases, patients, rules, {}, Brake(Limits(2, 100), 100, 0), NOW)
    assert [case.id for case, move in made.moves if isinstance(move, Start)] == [3, 2]
    assert "at most 2" in made.held


def test_a_device_that_is_gone_is_no_move() -> None:
    assert plan([CASE], {}, {}, {}, Brake(Limits(), 1, 0), NOW).moves == []
