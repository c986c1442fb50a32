"""What came of an attempt: from evidence, on plain data and on rows."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from control_ui.models.healing import ActionState
from control_ui.models.runs import HostOutcome, RunState
from control_ui.services.healing.conditions import Finding
from control_ui.services.healing.plain import Patient
from control_ui.services.healing.settle import EVIDENCE_WITHIN, Report, verdict
from tests.control_ui.conftest import NOW
from tests.control_ui.healing.conftest import MINUTE, SECOND, Ward, stuck

DONE = NOW - MINUTE
WELL = Patient(7, 2, "pi-7", "west", last_seen_at=NOW - SECOND)
ILL = replace(WELL, findings=(Finding("stream_not_reporting", "stream service", "it does not report"),))


def of(
    patient: Patient | None, report: Report | None = None, done_at: datetime | None = DONE, **later: timedelta
) -> ActionState | None:
    now = NOW + later.get("later", timedelta(0))
    return verdict("stream_not_reporting", done_at, report or Report(DONE), patient, now).state


def test_nothing_is_known_until_it_is_through() -> None:
    assert of(WELL, done_at=None) is None


def test_healed_is_who_has_checked_in_since_and_is_well() -> None:
    assert of(WELL) == ActionState.HEALED
    assert of(replace(WELL, last_seen_at=DONE)) is None, "it has said nothing since"
    assert of(replace(WELL, heard=False)) is None


def test_another_trouble_of_the_picture_is_not_healed() -> None:
    other = replace(WELL, findings=(Finding("camera_away", "refused", "the camera refuses the connection"),))
    assert of(other) is None
    assert of(other, later=EVIDENCE_WITHIN) == ActionState.NOT_HEALED


def test_a_trouble_of_something_else_does_not_count() -> None:
    assert of(replace(WELL, findings=(Finding("too_hot", "too hot", "it is too hot"),))) == ActionState.HEALED


def test_who_is_ill_still_gets_its_time_and_then_it_did_not_help() -> None:
    assert of(ILL) is None
    assert of(ILL, later=EVIDENCE_WITHIN) == ActionState.NOT_HEALED


def test_a_failed_run_is_failed_unless_the_device_is_well_all_the_same() -> None:
    failed = Report(DONE, "run 7 is failed")
    assert of(ILL, failed) == ActionState.FAILED
    assert of(WELL, failed) == ActionState.HEALED


def test_unreachable_is_known_at_once() -> None:
    assert of(ILL, Report(DONE, "no route", unreachable=True)) == ActionState.UNREACHABLE


def test_who_never_checks_in_again_is_not_healed() -> None:
    silent = replace(WELL, heard=False)
    assert of(silent, later=EVIDENCE_WITHIN) == ActionState.NOT_HEALED
    assert of(None) == ActionState.NOT_HEALED, "the device is gone"


@pytest.mark.parametrize("state", [RunState.LOST, RunState.CANCELED, RunState.FAILED])
def test_a_run_that_was_lost_or_canceled_is_a_failed_attempt_and_is_not_repeated_before_its_cooldown(
    ward: Ward, state: RunState
) -> None:
    device = ward.device(ward.tenant())
    ward.checks_in(device, stuck())
    ward.rounds(130 * SECOND)
    (run,) = ward.runs()
    run.state, run.finished_at, run.error = state, ward.now, "its worker was stopped"
    ward.session.commit()
    ward.later(10 * SECOND)
    ward.checks_in(device, stuck())
    ward.round()
    (action,) = ward.actions()
    assert action.state == ActionState.FAILED
    assert "its worker was stopped" in action.note
    assert ward.rounds(170 * SECOND, 10 * SECOND) == 0
    assert ward.rounds(20 * SECOND, 5 * SECOND) == 1
    assert [action.attempt for action in ward.actions()] == [1, 2]


def test_a_run_that_does_not_end_keeps_its_attempt_under_way(ward: Ward) -> None:
    device = ward.device(ward.tenant())
    ward.checks_in(device, stuck())
    ward.rounds(130 * SECOND)
    ward.rounds(60 * MINUTE, MINUTE)
    assert [action.state for action in ward.actions()] == [ActionState.RUNNING]
    ward.ends(ward.runs()[0], HostOutcome.OK)
    ward.later(SECOND)
    ward.checks_in(device)
    ward.round()
    assert [action.state for action in ward.actions()] == [ActionState.HEALED]
