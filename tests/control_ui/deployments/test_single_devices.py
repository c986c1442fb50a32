"""Devices that are not like the others: without SSH, held, or numbering configurations by themselves."""

from __future__ import annotations

from control_ui.models.deployments import DeploymentState
from control_ui.models.runs import HostOutcome
from tests.control_ui.deployments.conftest import Stage


def test_a_device_without_ssh_gets_it_by_its_own_check_in(stage: Stage) -> None:
    with stage.session() as session:
        device = stage.device("pi-1")
        session.add(device)
        device.ssh_host_keys = []
        session.commit()
    stage.new_version(jpeg_quality=70)
    made = stage.deploy("pi-1")
    stage.advance()
    assert stage.runs(made) == []
    stage.round()
    assert stage.progress(made) == {"pi-1": "applied"}


def test_a_held_device_is_left_out(stage: Stage) -> None:
    with stage.session() as session:
        device = stage.device("pi-2")
        session.add(device)
        device.held_reason = "broken SD card"
        session.commit()
    stage.new_version(jpeg_quality=70)
    made = stage.deploy()
    stage.round()
    row = stage.rows(made)["pi-2"]
    assert (row.progress, row.detail) == ("held", "held: broken SD card")
    assert stage.pis["pi-2"].version == 1
    assert stage.deployment(made).state == DeploymentState.SUCCEEDED


def test_a_device_held_while_its_run_waits_is_not_given_it_by_pull_either(stage: Stage) -> None:
    stage.new_version(jpeg_quality=70)
    made = stage.deploy("pi-1", "pi-2")
    stage.advance()
    (run,) = stage.runs(made)
    stage.report(run.id, "pi-1", HostOutcome.HELD, "held: broken SD card")
    stage.advance(1)
    stage.check_in()
    assert stage.progress(made)["pi-1"] == "held"
    assert stage.pis["pi-1"].version == 1
    assert stage.pis["pi-2"].version == 2


def test_a_pi_that_has_numbered_configurations_by_itself_gets_a_number_it_takes(stage: Stage) -> None:
    stage.new_version(jpeg_quality=70)
    made = stage.deploy("pi-1")
    stage.pis["pi-1"].version = 9
    stage.check_in("pi-1")
    stage.round()
    assert stage.progress(made) == {"pi-1": "applied"}
    assert stage.pis["pi-1"].applied == [10]
