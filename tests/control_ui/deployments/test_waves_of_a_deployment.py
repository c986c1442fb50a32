"""A deployment goes from wave to wave on evidence, and on nothing less."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from control_ui.models.deployments import DeploymentState, Strategy
from control_ui.models.runs import HostOutcome
from control_ui.services.deployments import control
from tests.control_ui.deployments.conftest import Stage

Make = Callable[..., Stage]
WAVES: dict[str, Any] = {"strategy": Strategy.WAVES, "waves": ("1", "60%", "100%")}


def test_all_devices_get_it_at_once_and_it_ends_when_all_have_shown_it(stage: Stage) -> None:
    stage.new_version(jpeg_quality=70)
    made = stage.deploy()
    assert stage.deployment(made).state == DeploymentState.RUNNING
    stage.round()
    assert set(stage.progress(made).values()) == {"applied"}
    ended = stage.deployment(made)
    assert (ended.state, ended.current_wave, ended.stop_reason) == (DeploymentState.SUCCEEDED, 1, "")
    assert {pi.documents[-1]["jpeg_quality"] for pi in stage.pis.values()} == {70}
    assert {tuple(pi.applied) for pi in stage.pis.values()} == {(2,)}
    row = stage.rows(made)["pi-1"]
    assert row.evidence["config_version"] == row.evidence["snapshot"]["config_version"] == 2
    assert row.evidence["stream_status"] == "streaming"


def test_one_run_of_configure_carries_each_wave(stage: Stage) -> None:
    stage.new_version()
    made = stage.deploy(**WAVES)
    stage.advance()
    (run,) = stage.runs(made)
    assert (run.playbook, run.requested_by, run.requested_by_id) == (
        "configure",
        stage.operator.email,
        stage.operator.id,
    )
    hosts = stage.hosts(run.id)
    assert list(hosts) == ["pi-1"]
    assert hosts["pi-1"].config_version_id == stage.rows(made)["pi-1"].config_version_id
    stage.advance()
    assert len(stage.runs(made)) == 1


def test_a_wave_begins_only_when_the_one_before_has_shown_that_it_works(stage: Stage) -> None:
    stage.new_version(jpeg_quality=70)
    made = stage.deploy(**WAVES)
    stage.advance()
    assert list(stage.progress(made).values()) == ["delivering", *["pending"] * 4]
    stage.check_in("pi-2", "pi-3", "pi-4", "pi-5")
    stage.advance()
    assert [pi.version for pi in stage.pis.values()] == [1] * 5
    stage.check_in("pi-1")
    stage.advance()
    assert list(stage.progress(made).values()) == ["applied", "delivering", "delivering", "pending", "pending"]
    stage.round()
    stage.round()
    assert stage.deployment(made).state == DeploymentState.SUCCEEDED
    assert stage.deployment(made).current_wave == 3


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"stream": "silent"}, "its stream is silent"),
        ({"picture_age_seconds": 37.0}, "its picture is 37.0 s old"),
    ],
)
def test_the_version_alone_proves_nothing(stage: Stage, fault: dict[str, Any], words: str) -> None:
    stage.new_version(jpeg_quality=70)
    made = stage.deploy(**WAVES, failure_threshold_count=5)
    for name, value in fault.items():
        setattr(stage.pis["pi-1"], name, value)
    stage.round()
    assert stage.progress(made)["pi-1"] == "delivering"
    assert stage.rows(made)["pi-1"].changed_at is not None
    stage.round(seconds=180)
    row = stage.rows(made)["pi-1"]
    assert row.progress == "failed"
    assert words in row.detail


def test_a_picture_of_the_old_configuration_proves_nothing(stage: Stage) -> None:
    stage.new_version(jpeg_quality=70)
    made = stage.deploy("pi-1")
    stage.advance()
    pi = stage.pis["pi-1"]
    pi.check_in(stage.now)
    report = pi.report(stage.now)
    report["status"]["snapshot"]["config_version"] = 1
    pi.line.check_in(pi.token, report, stage.now)
    stage.advance()
    assert stage.progress(made) == {"pi-1": "delivering"}
    stage.round()
    assert stage.progress(made) == {"pi-1": "applied"}


def test_devices_that_have_it_already_need_not_change_but_must_show_it(stage: Stage) -> None:
    stage.new_version(jpeg_quality=70)
    first = stage.deploy()
    stage.round()
    again = stage.deploy()
    stage.advance()
    assert set(stage.progress(again).values()) == {"delivering"}
    stage.round()
    assert set(stage.progress(again).values()) == {"applied"}
    assert {pi.version for pi in stage.pis.values()} == {2}
    assert stage.rows(again)["pi-1"].config_version_id == stage.rows(first)["pi-1"].config_version_id


def test_between_waves_it_waits_and_looks_once_more(stage: Stage) -> None:
    stage.new_version(jpeg_quality=70)
    made = stage.deploy(**WAVES, soak_seconds=600)
    stage.round()
    assert stage.deployment(made).wave_passed_at is not None
    stage.round(seconds=500)
    assert stage.progress(made)["pi-2"] == "pending"
    stage.pis["pi-1"].stream = "frozen"
    stage.check_in()
    stage.advance(200)
    ended = stage.deployment(made)
    assert ended.state == DeploymentState.ROLLING_BACK
    assert "600 s after the wave: its stream is frozen" in ended.stop_reason
    assert stage.progress(made)["pi-2"] == "canceled"


def test_after_the_wait_the_next_wave_begins(stage: Stage) -> None:
    stage.new_version(jpeg_quality=70)
    made = stage.deploy(**WAVES, soak_seconds=600)
    stage.round()
    stage.round(seconds=600)
    assert stage.progress(made)["pi-2"] == "delivering"


def test_a_paused_deployment_begins_no_wave_but_judges_the_one_that_goes_on(stage: Stage) -> None:
    stage.new_version(jpeg_quality=70)
    made = stage.deploy(**WAVES)
    stage.advance()
    with stage.session() as session:
        control.pause(session, stage.actor, made, "lunch", stage.now)
    stage.round()
    stage.round()
    assert list(stage.progress(made).values()) == ["applied", *["pending"] * 4]
    assert "lunch" in stage.deployment(made).stop_reason
    with stage.session() as session:
        control.resume(session, stage.actor, made, "back", stage.now)
    stage.round()
    stage.round()
    assert stage.deployment(made).state == DeploymentState.SUCCEEDED


def test_without_any_evidence_it_waits_for_a_person(stage: Stage) -> None:
    stage.switch_off("pi-1", "pi-2", "pi-3", "pi-4", "pi-5")
    stage.new_version(jpeg_quality=70)
    made = stage.deploy(**WAVES)
    stage.advance()
    stopped = stage.deployment(made)
    assert stopped.state == DeploymentState.PAUSED
    assert "no device of wave 1 has shown that the configuration works (1 waiting)" in stopped.stop_reason
    with stage.session() as session:
        control.resume(session, stage.actor, made, "they are all off, I know", stage.now)
    stage.advance()
    assert list(stage.progress(made).values())[:3] == ["waiting"] * 3


def test_devices_that_are_off_do_not_count_and_come_last(stage: Stage) -> None:
    stage.switch_off("pi-1")
    stage.new_version(jpeg_quality=70)
    made = stage.deploy(**WAVES)
    stage.advance()
    assert {name: row.wave for name, row in stage.rows(made).items()} == {
        "pi-1": 3,
        "pi-2": 1,
        "pi-3": 2,
        "pi-4": 2,
        "pi-5": 3,
    }
    for _ in range(3):
        stage.round()
    assert stage.deployment(made).state == DeploymentState.SUCCEEDED
    assert stage.progress(made)["pi-1"] == "waiting"


def test_a_device_that_the_push_cannot_reach_and_that_goes_silent_waits(stage: Stage) -> None:
    stage.new_version(jpeg_quality=70)
    made = stage.deploy("pi-1", "pi-2")
    stage.advance()
    (run,) = stage.runs(made)
    stage.report(run.id, "pi-1", HostOutcome.UNREACHABLE, "no route to host")
    stage.switch_off("pi-1")
    stage.advance()
    row = stage.rows(made)["pi-1"]
    assert (row.progress, row.detail) == ("waiting", "went off: no route to host")
    assert stage.deployment(made).state == DeploymentState.SUCCEEDED


def test_a_device_that_was_given_it_and_falls_silent_has_failed(stage: Stage) -> None:
    stage.new_version(jpeg_quality=70)
    made = stage.deploy("pi-1", "pi-2", failure_threshold_count=1)
    stage.advance()
    pi = stage.pis["pi-1"]
    stage.now += timedelta(seconds=1)
    pi.line.check_in(pi.token, pi.report(stage.now), stage.now)
    stage.switch_off("pi-1")
    stage.advance()
    assert stage.progress(made)["pi-1"] == "delivering"
    stage.advance(180)
    row = stage.rows(made)["pi-1"]
    assert row.progress == "failed"
    assert "no proof within 180 s" in row.detail


def test_its_template_becomes_the_devices(stage_of: Make) -> None:
    stage = stage_of("pi-1", ours=False)
    assert stage.device("pi-1").template_id is None
    stage.deploy()
    stage.round()
    device = stage.device("pi-1")
    assert device.template_id == stage.template.id
    assert device.row_version == 2


def test_every_step_is_in_the_audit_trail_with_numbers_and_hashes(stage: Stage) -> None:
    stage.new_version(jpeg_quality=70)
    made = stage.deploy("pi-1", reason="darker pictures")
    stage.round()
    entries = stage.audit(made)
    assert [entry.action for entry in entries] == [
        "deployment.request",
        "deployment.start_wave",
        "deployment.judge",
        "deployment.pass_wave",
        "deployment.finish",
    ]
    requested, started, judged, *_ = entries
    assert requested.after
    assert started.after
    assert judged.after
    assert (requested.actor_name, requested.reason) == (stage.operator.email, "darker pictures")
    assert requested.after["devices"]["pi-1"]["to"] == 2
    assert (started.actor_kind, started.actor_name) == ("system", "deployments")
    assert started.after["devices"]["pi-1"].keys() == {"from", "to", "sha256", "progress"}
    assert judged.after["devices"]["pi-1"] == {"version": 2, "from": "delivering", "to": "applied"}
