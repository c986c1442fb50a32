"""What one device's standing shows. Reports come from outside: whatever they hold, a verdict is a verdict."""

from __future__ import annotations

import importlib.util
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from control_ui.models.deployments import DeviceProgress
from control_ui.models.devices import DeviceStatus
from control_ui.models.runs import HostOutcome, HostProgress
from control_ui.services.deployments import evidence
from control_ui.services.deployments.evidence import judge, judge_late
from control_ui.services.deployments.standing import Standing
from control_ui.settings import REPOSITORY
from tests.control_ui.conftest import NOW

TIMEOUT = timedelta(seconds=180)
SOON, LATE = NOW + timedelta(seconds=20), NOW + timedelta(seconds=181)
SEEN = NOW + timedelta(seconds=10)
GOOD: dict[str, Any] = {
    "status": {"snapshot": {"sequence": 7, "captured_at": "2026", "age_seconds": 3.0, "config_version": 2}},
    "stream": {"status": "streaming"},
}
STANDING = Standing(
    row_id=1,
    deployment_id=1,
    device_id=1,
    name="pi-1",
    wave=1,
    progress=DeviceProgress.DELIVERING,
    config_version_id=20,
    previous_id=10,
    wanted_before_id=10,
    wanted_before_expires_at=None,
    offered_at=NOW,
    changed_at=None,
    evidence={},
    detail="",
    rollback_id=None,
    run_id=1,
    number=2,
    interval_seconds=12.0,
    stale_after=None,
    status=DeviceStatus.ONLINE,
    last_seen_at=SEEN,
    reported=2,
    report=GOOD,
    wanted_id=20,
    wanted_until=NOW + timedelta(days=7),
    wanted_number=2,
    host_progress=HostProgress.PENDING,
    host_outcome=None,
    host_message="",
)
OLD = replace(STANDING, reported=1)
UNSEEN = replace(OLD, last_seen_at=NOW - timedelta(seconds=5), report={})


def report(**parts: Any) -> dict[str, Any]:
    return GOOD | parts


def status(**parts: Any) -> dict[str, Any]:
    return report(status=GOOD["status"] | parts)


def test_version_stream_and_picture_together_are_proof() -> None:
    verdict = judge(STANDING, TIMEOUT, SOON)
    assert verdict is not None
    assert verdict.progress == DeviceProgress.APPLIED
    assert verdict.evidence["snapshot"] == {"sequence": 7, "captured_at": "2026", "config_version": 2}


@pytest.mark.parametrize(
    "standing",
    [
        OLD,
        UNSEEN,
        replace(STANDING, last_seen_at=NOW),
        replace(STANDING, report=report(stream={"status": "streaming", "quiet": True})),
        replace(STANDING, report=report(stream=None)),
        replace(STANDING, report=status(snapshot=None)),
        replace(STANDING, report=status(snapshot={"config_version": 1, "age_seconds": 1.0})),
        replace(STANDING, report=status(snapshot={"config_version": 2, "age_seconds": 37.0})),
        replace(STANDING, report=status(snapshot={"config_version": 2, "age_seconds": None})),
        replace(STANDING, report=status(snapshot={"config_version": 2, "age_seconds": 21.0}), stale_after=20.0),
        replace(STANDING, report={"status": "nonsense", "stream": ["nonsense"]}),
        replace(STANDING, report={}),
        replace(OLD, report=status(pull={"desired_version": 2, "reason": "the control plane cannot be reached"})),
        replace(OLD, report=status(pull={"desired_version": 1, "reason": "refused: an older matter"})),
        replace(OLD, report=status(pull={"desired_version": 2, "reason": "refused: busy: another is being tried"})),
        replace(OLD, report=status(pull=7, last_apply="nonsense")),
        replace(OLD, report=status(last_apply={"result": "refused", "new_version": 2, "at": "yesterday"})),
        replace(OLD, report=status(last_apply={"result": "refused", "new_version": 2, "at": "2026-03-04T05:06:06Z"})),
        replace(OLD, report=status(last_apply={"result": "refused", "new_version": 2, "at": "2026-03-04T05:06:09"})),
        replace(OLD, host_outcome=HostOutcome.FAILED, host_message="sudo: a password is required"),
        replace(OLD, host_outcome=HostOutcome.UNREACHABLE, host_message="no route"),
    ],
)
def test_anything_less_is_no_proof_and_no_failure_yet(standing: Standing) -> None:
    assert judge(standing, TIMEOUT, SOON) is None
    late = judge(standing, TIMEOUT, LATE)
    assert late is not None
    assert late.progress in (DeviceProgress.FAILED, DeviceProgress.WAITING)
    assert late.detail


@pytest.mark.parametrize(
    ("standing", "words"),
    [
        (
            replace(OLD, report=status(pull={"desired_version": 2, "reason": "rolled back: unauthorized"})),
            "rolled back: unauthorized",
        ),
        (
            replace(OLD, report=status(pull={"desired_version": 2, "reason": "refused: not valid ($.x: no)"})),
            "refused: not valid ($.x: no)",
        ),
        (
            replace(
                OLD,
                report=status(
                    last_apply={
                        "result": "rolled back",
                        "new_version": 2,
                        "reason": "timeout",
                        "at": "2026-03-04T05:06:09Z",
                    }
                ),
            ),
            "rolled back: timeout",
        ),
        (
            replace(
                UNSEEN,
                host_outcome=HostOutcome.FAILED,
                host_message="pi-1 tried the configuration and went back (timeout); it keeps version 1",
            ),
            "pi-1 tried the configuration and went back (timeout); it keeps version 1",
        ),
    ],
)
def test_the_pis_own_no_is_a_failure_at_once(standing: Standing, words: str) -> None:
    verdict = judge(standing, TIMEOUT, SOON)
    assert verdict is not None
    assert (verdict.progress, verdict.detail, verdict.evidence["against"]) == (DeviceProgress.FAILED, words, words)


def test_a_no_that_was_followed_by_a_yes_is_none() -> None:
    changed_its_mind = replace(STANDING, host_outcome=HostOutcome.FAILED, host_message="pi-1 refused the configuration")
    verdict = judge(changed_its_mind, TIMEOUT, SOON)
    assert verdict is not None
    assert verdict.progress == DeviceProgress.APPLIED


@pytest.mark.parametrize(
    ("standing", "progress"),
    [
        (UNSEEN, DeviceProgress.WAITING),
        (replace(UNSEEN, host_outcome=HostOutcome.UNREACHABLE), DeviceProgress.WAITING),
        (replace(UNSEEN, host_outcome=HostOutcome.CHANGED), DeviceProgress.FAILED),
        (replace(UNSEEN, host_progress=HostProgress.INTERRUPTED), DeviceProgress.FAILED),
        (replace(UNSEEN, host_progress=HostProgress.IN_FLIGHT), DeviceProgress.FAILED),
        (OLD, DeviceProgress.FAILED),
        (replace(UNSEEN, changed_at=SEEN), DeviceProgress.FAILED),
    ],
)
def test_out_of_time_who_may_have_got_it_has_failed_and_who_was_not_reached_waits(
    standing: Standing, progress: DeviceProgress
) -> None:
    verdict = judge(standing, TIMEOUT, LATE)
    assert verdict is not None
    assert verdict.progress == progress


def test_off_and_not_reached_waits_at_once() -> None:
    verdict = judge(replace(UNSEEN, status=DeviceStatus.OFFLINE), TIMEOUT, SOON)
    assert verdict is not None
    assert verdict.progress == DeviceProgress.WAITING


def test_going_back_is_done_when_the_version_is_in_force_whatever_the_camera_does() -> None:
    dark = replace(STANDING, report=report(stream={"status": "disconnected"}))
    assert judge(dark, TIMEOUT, SOON) is None
    verdict = judge(dark, TIMEOUT, SOON, with_picture=False)
    assert verdict is not None
    assert verdict.progress == DeviceProgress.APPLIED


def test_a_latecomer_that_runs_it_badly_until_its_time_is_over_has_failed() -> None:
    dark = replace(STANDING, report=report(stream={"status": "silent"}), progress=DeviceProgress.WAITING)
    assert judge_late(dark, LATE) is None
    verdict = judge_late(dark, NOW + timedelta(days=7))
    assert verdict is not None
    assert (verdict.progress, verdict.detail) == (DeviceProgress.FAILED, "its stream is silent")


def test_an_own_rollback_that_its_run_never_came_to_has_failed_with_what_to_do() -> None:
    own = replace(STANDING, config_version_id=None, number=None, wanted_id=None, wanted_number=None)
    assert judge(own, TIMEOUT, SOON) is None
    held = judge(replace(own, host_outcome=HostOutcome.HELD, host_message="held: mine"), TIMEOUT, SOON)
    late = judge(own, TIMEOUT, LATE)
    assert held is not None
    assert late is not None
    assert (held.progress, held.detail) == (DeviceProgress.HELD, "held: mine")
    assert late.progress == DeviceProgress.FAILED
    assert "rollback_scope=config" in late.detail


def test_the_words_of_a_refused_push_are_those_of_the_action() -> None:
    """The action's own sentences are what is looked for in a host's message."""
    path = REPOSITORY / "plugins" / "action" / "carwash_config.py"
    sentences = _sentences(path)
    assert {bool(evidence.PUSH_REFUSED.search(sentence)) for sentence in sentences} == {True}
    assert len(sentences) == 3


def _sentences(path: Path) -> list[str]:
    spec = importlib.util.spec_from_file_location("action_of_a_test", path)
    assert spec is not None
    assert spec.loader is not None
    action = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(action)
    told = {"result": "refused", "reason": "x", "faults": [], "old_version": 1}
    return [
        action._failure("pi-1", told),
        action._failure("pi-1", told | {"result": "rolled back"}),
        re.sub(r"\s+", " ", action._invalid("pi-1", "pi_service_config", [])["msg"]),
    ]
