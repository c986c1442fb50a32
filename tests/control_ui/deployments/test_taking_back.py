"""Too many failures stop a deployment and take back what it has changed; and so does a person."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from control_ui.models import ConfigVersion
from control_ui.models.deployments import DeploymentState, Strategy
from control_ui.models.runs import HostOutcome, RunState
from control_ui.services.deployments import control, preview
from control_ui.services.deployments.rollback import roll_back
from control_ui.services.deployments.way_back import Action
from control_ui.services.errors import ConflictError, NotFoundError
from tests.control_ui.deployments.conftest import Stage
from tests.control_ui.deployments.site import Document

Make = Callable[..., Stage]
BAD_CAMERA = "not found: no such stream"


def refuse(document: Document) -> str:
    return BAD_CAMERA if document.get("jpeg_quality") == 60 else ""


def back(stage: Stage, deployment_id: int) -> int:
    """The id of the rollback of this deployment, asked for by the operator."""
    with stage.session() as session:
        return roll_back(session, stage.actor, deployment_id, "it was a mistake", stage.now).id


def contents(stage: Stage, name: str) -> list[Any]:
    return [document.get("jpeg_quality") for document in stage.pis[name].documents]


def test_past_its_threshold_it_stops_and_the_changed_devices_are_back(stage: Stage) -> None:
    stage.new_version(jpeg_quality=60)
    stage.pis["pi-2"].refuses = refuse
    made = stage.deploy(strategy=Strategy.WAVES, waves=("1", "60%"), failure_threshold_percent=0)
    stage.round()
    assert stage.progress(made)["pi-1"] == "applied"
    stage.round()
    stopped = stage.deployment(made)
    assert stopped.state == DeploymentState.ROLLING_BACK
    assert stopped.stop_reason == (
        "1 of 2 devices failed in wave 2, more than 0 % may: pi-2 (rolled back: not found: no such stream)"
    )
    assert stage.progress(made) == {
        "pi-1": "rolling back",
        "pi-2": "failed",
        "pi-3": "rolling back",
        "pi-4": "canceled",
        "pi-5": "canceled",
    }
    stage.round()
    ended = stage.deployment(made)
    assert ended.state == DeploymentState.ROLLED_BACK
    assert set(stage.progress(made).values()) == {"rolled back", "failed", "canceled"}
    assert [pi.version for pi in stage.pis.values()] == [3, 1, 3, 1, 1]
    assert contents(stage, "pi-1") == [60, None]
    assert [pi.pull for pi in stage.pis.values()] == [None] * 5


def test_what_went_back_says_so_in_its_versions_and_its_runs(stage: Stage) -> None:
    stage.new_version(jpeg_quality=60)
    stage.pis["pi-2"].refuses = refuse
    made = stage.deploy("pi-1", "pi-2", failure_threshold_count=0)
    stage.round()
    (run,) = stage.runs(made)
    row, rollback_id = stage.rows(made)["pi-1"], stage.rollback_of(made)
    with stage.session() as session:
        restored = session.get_one(ConfigVersion, row.rollback_config_version_id)
    assert restored.restores_id == row.previous_config_version_id
    (undoing,) = stage.runs(rollback_id)
    assert (undoing.playbook, undoing.rollback_of_id) == ("configure", run.id)
    assert stage.deployment(rollback_id).rollback_of_id == made
    assert stage.deployment(rollback_id).requested_by == "deployments"


def test_one_failure_in_a_hundred_does_not_stop_it(stage: Stage) -> None:
    stage.new_version(jpeg_quality=60)
    stage.pis["pi-2"].refuses = refuse
    made = stage.deploy(failure_threshold_percent=20)
    stage.round()
    assert stage.deployment(made).state == DeploymentState.SUCCEEDED
    assert stage.progress(made)["pi-2"] == "failed"


def test_the_run_of_the_wave_is_canceled_when_it_stops(stage: Stage) -> None:
    stage.new_version(jpeg_quality=60)
    stage.pis["pi-1"].refuses = refuse
    made = stage.deploy(failure_threshold_count=0)
    stage.advance()
    stage.dispatch()
    stage.check_in("pi-1")
    stage.advance()
    (run,) = stage.runs(made)
    assert (run.state, run.cancel_requested_by) == (RunState.CANCELED, "deployments")


def test_a_refusal_of_the_push_is_the_pis_own_word(stage: Stage) -> None:
    stage.new_version(jpeg_quality=60)
    made = stage.deploy("pi-1", "pi-2", failure_threshold_count=1)
    stage.advance()
    (run,) = stage.runs(made)
    stage.report(run.id, "pi-1", HostOutcome.FAILED, "Apply: pi-1 refused the configuration (no room); it keeps 1")
    stage.report(run.id, "pi-2", HostOutcome.FAILED, "sudo: a password is required")
    stage.advance(1)
    assert stage.progress(made) == {"pi-1": "failed", "pi-2": "delivering"}
    assert "no room" in stage.rows(made)["pi-1"].detail
    stage.check_in("pi-2")
    stage.advance()
    assert stage.progress(made)["pi-2"] == "applied"


def test_a_device_that_failed_and_comes_round_has_it_after_all(stage: Stage) -> None:
    stage.new_version(jpeg_quality=60)
    stage.pis["pi-2"].refuses = refuse
    made = stage.deploy("pi-1", "pi-2", failure_threshold_count=1)
    stage.round()
    assert stage.deployment(made).state == DeploymentState.SUCCEEDED
    stage.pis["pi-2"].refuses = lambda _document: ""
    stage.round(60)
    assert stage.progress(made)["pi-2"] == "applied"
    assert stage.audit(made)[-1].action == "deployment.converge"


def test_what_did_not_come_from_here_is_taken_back_by_the_pi_itself(stage_of: Make) -> None:
    stage = stage_of("pi-1", "pi-2", ours=False)
    stage.pis["pi-2"].refuses = refuse
    stage.new_version(jpeg_quality=60)
    made = stage.deploy(failure_threshold_count=0)
    stage.round()
    rollback_id = stage.rollback_of(made)
    (run,) = stage.runs(rollback_id)
    assert (run.playbook, run.variables["rollback_scope"]) == ("rollback", "config")
    assert list(stage.hosts(run.id)) == ["pi-1"]
    assert stage.device("pi-1").state.desired_config_id is None
    stage.report(run.id, "pi-1", HostOutcome.CHANGED)
    stage.advance(1)
    assert stage.progress(made)["pi-1"] == "rolled back"
    assert stage.deployment(made).state == DeploymentState.ROLLED_BACK


def test_a_rollback_that_fails_is_named_with_what_to_do(stage_of: Make) -> None:
    stage = stage_of("pi-1", "pi-2", ours=False)
    stage.pis["pi-2"].refuses = refuse
    stage.new_version(jpeg_quality=60)
    made = stage.deploy(failure_threshold_count=0)
    stage.round()
    (run,) = stage.runs(stage.rollback_of(made))
    stage.report(run.id, "pi-1", HostOutcome.UNREACHABLE, "no route to host")
    stage.advance(1)
    ended = stage.deployment(made)
    assert ended.state == DeploymentState.FAILED
    assert "these devices did not go back: pi-1 (no route to host; run the playbook rollback" in ended.stop_reason
    assert stage.progress(made)["pi-1"] == "rollback failed"


def test_devices_that_are_off_go_back_when_they_return(stage: Stage) -> None:
    stage.new_version(jpeg_quality=70)
    made = stage.deploy()
    stage.round()
    stage.switch_off("pi-3")
    rollback_id = back(stage, made)
    stage.round()
    assert stage.deployment(rollback_id).state == DeploymentState.SUCCEEDED
    assert stage.progress(made)["pi-3"] == "rolling back"
    stage.switch_on("pi-3")
    stage.round()
    stage.advance()
    assert stage.progress(made)["pi-3"] == "rolled back"
    assert contents(stage, "pi-3") == [70, None]


def test_only_what_it_changed_is_touched_and_who_has_moved_on_is_left_alone(stage: Stage) -> None:
    stage.new_version(jpeg_quality=70)
    made = stage.deploy("pi-1", "pi-2", "pi-3")
    stage.round()
    stage.new_version(jpeg_quality=71)
    newer = stage.deploy("pi-2")
    stage.round()
    with stage.session() as session:
        foreseen = {one.device: one for one in preview.of_deployment(session, made, stage.now)}
    assert {name: one.action for name, one in foreseen.items()} == {
        "pi-1": Action.RESTORE,
        "pi-2": Action.LEAVE,
        "pi-3": Action.RESTORE,
    }
    assert (foreseen["pi-1"].from_number, foreseen["pi-1"].to_number) == (2, 1)
    assert "version 3" in foreseen["pi-2"].why
    rollback_id = back(stage, made)
    stage.round()
    assert stage.progress(rollback_id) == {"pi-1": "applied", "pi-2": "superseded", "pi-3": "applied"}
    assert stage.progress(made) == {"pi-1": "rolled back", "pi-2": "applied", "pi-3": "rolled back"}
    assert stage.pis["pi-2"].version == 3
    assert stage.progress(newer) == {"pi-2": "applied"}
    assert stage.pis["pi-4"].version == 1


def test_a_rollback_can_be_taken_back_too(stage: Stage) -> None:
    stage.new_version(jpeg_quality=70)
    made = stage.deploy("pi-1")
    stage.round()
    rollback_id = back(stage, made)
    stage.round()
    again = back(stage, rollback_id)
    stage.round()
    assert stage.deployment(again).state == DeploymentState.SUCCEEDED
    assert contents(stage, "pi-1") == [70, None, 70]
    assert stage.pis["pi-1"].version == 4


def test_a_person_takes_back_a_deployment_that_is_going_on(stage: Stage) -> None:
    stage.new_version(jpeg_quality=70)
    made = stage.deploy(strategy=Strategy.WAVES, waves=("1",))
    stage.round()
    rollback_id = back(stage, made)
    assert stage.deployment(made).state == DeploymentState.ROLLING_BACK
    stage.round()
    assert stage.deployment(made).state == DeploymentState.ROLLED_BACK
    assert stage.deployment(rollback_id).reason == "it was a mistake"
    assert stage.pis["pi-1"].documents[-1].get("jpeg_quality") is None


def test_what_cannot_be_taken_back_is_refused_with_why(stage: Stage) -> None:
    with pytest.raises(NotFoundError):
        back(stage, 4711)
    stage.new_version(jpeg_quality=70)
    made = stage.deploy("pi-1")
    with pytest.raises(ConflictError, match="nothing to take back"):
        back(stage, made)
    stage.round()
    back(stage, made)
    stage.round()
    with pytest.raises(ConflictError, match="nothing to take back"):
        back(stage, made)


def test_canceling_leaves_what_is_changed_and_withholds_it_from_the_rest(stage: Stage) -> None:
    stage.switch_off("pi-2")
    stage.new_version(jpeg_quality=70)
    made = stage.deploy("pi-1", "pi-2", "pi-3")
    stage.advance()
    stage.check_in("pi-1")
    with stage.session() as session:
        control.cancel(session, stage.actor, made, "stop", stage.now)
    stage.advance()
    assert stage.progress(made) == {"pi-1": "applied", "pi-2": "canceled", "pi-3": "canceled"}
    stage.switch_on("pi-2")
    stage.round()
    assert [pi.version for pi in stage.pis.values()] == [2, 1, 1, 1, 1]
    assert stage.deployment(made).stop_reason == f"canceled by {stage.operator.email}: stop"
    assert stage.runs(made)[0].cancel_requested_at is not None
    with stage.session() as session, pytest.raises(ConflictError, match="is canceled cannot be canceled"):
        control.cancel(session, stage.actor, made, "again", stage.now)


def test_what_was_on_its_way_when_it_was_canceled_is_judged_all_the_same(stage: Stage) -> None:
    stage.new_version(jpeg_quality=70)
    made = stage.deploy("pi-1")
    stage.advance()
    pi = stage.pis["pi-1"]
    stage.now += timedelta(seconds=1)
    pi.line.check_in(pi.token, pi.report(stage.now), stage.now)
    with stage.session() as session:
        control.cancel(session, stage.actor, made, "stop", stage.now)
    assert stage.progress(made) == {"pi-1": "delivering"}
    stage.round()
    assert stage.progress(made) == {"pi-1": "applied"}
