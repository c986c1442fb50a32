"""The newest deployment wins. A site that was off gets exactly that, and never an older one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from control_ui.models import Device, HostResult
from control_ui.models.deployments import DeploymentState, Strategy
from control_ui.models.runs import HostOutcome, RunState
from control_ui.models.scope import SessionFactory
from control_ui.services.configuration import device_configuration
from control_ui.services.deployments.rollback import roll_back
from control_ui.services.deployments.staleness import is_stale
from control_ui.services.runs import locks, slices
from tests.control_ui import factories
from tests.control_ui.deployments.conftest import CONTROL_URL, Stage, make_stage
from tests.control_ui.deployments.site import Http
from tests.control_ui.runs import flow

Make = Callable[..., Stage]


@pytest.fixture
def pair(stage_of: Make) -> Stage:
    """Two Pis."""
    return stage_of("pi-1", "pi-2")


def qualities(stage: Stage, name: str) -> list[int | None]:
    return [document.get("jpeg_quality") for document in stage.pis[name].documents]


def test_of_two_deployments_it_missed_a_site_gets_the_newer_only(app: Flask, sessions: SessionFactory) -> None:
    """By real check-ins, over the API, as a Pi makes them."""
    line = Http(app.test_client())
    stage = make_stage(sessions, line, "pi-1", "pi-2", now=datetime.now(UTC))
    with stage.session() as session:
        silent = sa.text("UPDATE device_states SET status = 'offline' WHERE device_id = :id")
        session.execute(silent.bindparams(id=stage.ids["pi-1"]))
        session.commit()
    stage.off = {"pi-1"}
    made = []
    for quality in (82, 83):
        stage.new_version(jpeg_quality=quality)
        stage.now = datetime.now(UTC)
        made.append(stage.deploy())
        stage.advance()
        stage.check_in(seconds=0)
        stage.now = datetime.now(UTC)
        stage.advance()
        assert stage.deployment(made[-1]).state == DeploymentState.SUCCEEDED
    assert [stage.progress(one)["pi-1"] for one in made] == ["superseded", "waiting"]
    stage.check_in("pi-1", seconds=0)
    stage.now = datetime.now(UTC)
    stage.advance()
    assert qualities(stage, "pi-1") == [83]
    assert stage.pis["pi-1"].applied == [3]
    assert [stage.progress(one)["pi-1"] for one in made] == ["superseded", "applied"]
    assert stage.audit(made[1])[-1].action == "deployment.converge"


def test_the_older_ones_queued_push_never_reaches_it(pair: Stage) -> None:
    """Its run waits for the device while the newer deployment begins, and starts late."""
    with pair.session() as session:
        busy = factories.run(session, [session.get_one(Device, pair.ids["pi-1"])], playbook="update_os")
        session.commit()
        busy_id = busy.id
    pair.dispatch()
    pair.new_version(jpeg_quality=82)
    older = pair.deploy()
    pair.advance()
    (late,) = pair.runs(older)
    pair.dispatch()
    pair.new_version(jpeg_quality=83)
    newer = pair.deploy("pi-1")
    pair.advance()
    with pair.session() as session:
        results = session.scalars(sa.select(HostResult).where(HostResult.run_id == late.id))
        stale = {result.host: is_stale(session, result, pair.now) for result in results}
    assert stale == {"pi-1": "version 2 is not wanted any more: version 3 is", "pi-2": None}
    _end(pair, busy_id)
    pair.dispatch()
    hosts = pair.hosts(late.id)
    assert hosts["pi-1"].outcome == HostOutcome.HELD
    assert "version 3 is" in hosts["pi-1"].message
    assert hosts["pi-2"].outcome is None
    assert pair.progress(older) == {"pi-1": "superseded", "pi-2": "delivering"}
    assert pair.progress(newer) == {"pi-1": "delivering"}


def test_a_slice_that_waited_for_a_worker_leaves_out_what_was_superseded_meanwhile(pair: Stage) -> None:
    pair.new_version(jpeg_quality=82)
    older = pair.deploy()
    pair.advance()
    (late,) = pair.runs(older)
    pair.dispatch()
    pair.new_version(jpeg_quality=83)
    pair.deploy("pi-1")
    pair.advance()
    with pair.session() as session:
        (part,) = flow.parts(session, late)
        assert flow.claimed(session, part.id, pair.now).hosts == ("pi-2",)
    hosts = pair.hosts(late.id)
    assert (hosts["pi-1"].outcome, hosts["pi-2"].outcome) == (HostOutcome.HELD, None)
    assert "version 3 is" in hosts["pi-1"].message


def test_a_slice_with_nothing_left_to_do_ends_without_ansible(pair: Stage) -> None:
    pair.new_version(jpeg_quality=82)
    made = pair.deploy()
    pair.advance()
    (run,) = pair.runs(made)
    pair.dispatch()
    with pair.session() as session:
        session.execute(sa.text("UPDATE device_states SET desired_config_id = NULL"))
        (part,) = flow.parts(session, run)
        taken = slices.claim(session, part.id, worker="a:1", private_data_dir="/", token_sha256="0" * 64, now=pair.now)
    assert taken is None
    (run,) = pair.runs(made)
    assert (run.state, run.counts) == (RunState.SUCCEEDED, {"held": 2, "total": 2})
    with pair.session() as session:
        assert locks.holders(session, list(pair.ids.values())) == {}


def test_what_is_withdrawn_or_has_expired_is_stale_too(pair: Stage) -> None:
    pair.new_version(jpeg_quality=82)
    made = pair.deploy(desired_lifetime_hours=1)
    pair.advance()
    (run,) = pair.runs(made)
    host = pair.hosts(run.id)["pi-1"]
    with pair.session() as session:
        assert is_stale(session, host, pair.now) is None
        expired = is_stale(session, host, pair.now + timedelta(hours=1))
        session.execute(sa.text("UPDATE device_states SET desired_config_id = NULL"))
        withdrawn = is_stale(session, host, pair.now)
    assert expired is not None
    assert expired.startswith("version 2 was wanted until 2026-03-04T06:06")
    assert withdrawn == "version 2 is not wanted any more: it was withdrawn"


def test_a_run_that_nobody_needs_any_more_is_canceled(pair: Stage) -> None:
    pair.new_version(jpeg_quality=82)
    older = pair.deploy("pi-1")
    pair.advance()
    pair.new_version(jpeg_quality=83)
    pair.deploy("pi-1", strategy=Strategy.WAVES)
    pair.advance()
    assert pair.runs(older)[0].state == RunState.CANCELED
    ended = pair.deployment(older)
    assert (ended.state, ended.stop_reason) == (
        DeploymentState.CANCELED,
        "newer configurations have taken over all of its devices",
    )


def test_while_the_newer_waits_for_its_wave_the_older_is_not_given_any_more(stage: Stage) -> None:
    stage.switch_off("pi-5")
    stage.new_version(jpeg_quality=82)
    older = stage.deploy()
    stage.round()
    stage.new_version(jpeg_quality=83)
    newer = stage.deploy(strategy=Strategy.WAVES, waves=("1", "100%"))
    stage.advance()
    assert stage.progress(newer)["pi-5"] == "pending"
    assert stage.progress(older)["pi-5"] == "superseded"
    stage.switch_on("pi-5")
    stage.check_in("pi-5")
    assert qualities(stage, "pi-5") == []
    for _ in range(3):
        stage.round()
    assert qualities(stage, "pi-5") == [83]


def test_a_deployment_rolled_back_while_it_was_off_never_reaches_it(pair: Stage) -> None:
    pair.switch_off("pi-1")
    pair.new_version(jpeg_quality=82)
    made = pair.deploy()
    pair.round()
    assert pair.progress(made) == {"pi-1": "waiting", "pi-2": "applied"}
    with pair.session() as session:
        back = roll_back(session, pair.actor, made, "no", pair.now).id
    assert pair.progress(made)["pi-1"] == "canceled"
    pair.round()
    pair.switch_on("pi-1")
    pair.round()
    assert pair.deployment(back).state == DeploymentState.SUCCEEDED
    assert (qualities(pair, "pi-1"), pair.pis["pi-1"].version) == ([], 1)
    assert qualities(pair, "pi-2") == [82, None]


def test_both_of_two_deployments_taken_back_while_it_was_off_leave_it_as_it_was(pair: Stage) -> None:
    pair.switch_off("pi-1")
    made = []
    for quality in (82, 83):
        pair.new_version(jpeg_quality=quality)
        made.append(pair.deploy())
        pair.round()
    with pair.session() as session:
        roll_back(session, pair.actor, made[1], "no", pair.now)
    pair.switch_on("pi-1")
    pair.round()
    assert (pair.pis["pi-1"].applied, pair.pis["pi-1"].version) == ([], 1)


def test_what_it_is_offered_expires(pair: Stage) -> None:
    pair.switch_off("pi-1")
    pair.new_version(jpeg_quality=82)
    made = pair.deploy(desired_lifetime_hours=2)
    pair.round()
    pair.advance(2 * 3600)
    row = pair.rows(made)["pi-1"]
    assert row.progress == "expired"
    assert row.detail.startswith("was off until 2026-03-04T07:")
    pair.switch_on("pi-1")
    pair.round()
    assert pair.pis["pi-1"].applied == []
    assert pair.device("pi-1").state.desired_config_id is not None, "it is wanted to run what it ran before"


def test_what_has_expired_is_not_offered_even_before_anybody_has_looked(pair: Stage) -> None:
    pair.switch_off("pi-1")
    pair.new_version(jpeg_quality=82)
    pair.deploy(desired_lifetime_hours=2)
    pair.round()
    pair.check_in("pi-1", seconds=2 * 3600)
    assert pair.pis["pi-1"].applied == []


def test_a_device_changed_by_hand_while_it_is_delivered_to_is_left_to_that(pair: Stage) -> None:
    pair.new_version(jpeg_quality=82)
    made = pair.deploy("pi-1")
    pair.advance()
    _by_hand(pair, "pi-1")
    pair.advance()
    row = pair.rows(made)["pi-1"]
    assert (row.progress, row.detail) == ("superseded", "version 3 is wanted instead")
    pair.round()
    assert qualities(pair, "pi-1") == [50]


def test_a_device_changed_by_hand_before_its_turn_is_left_to_that(pair: Stage) -> None:
    pair.new_version(jpeg_quality=82)
    made = pair.deploy(strategy=Strategy.WAVES, waves=("1",))
    pair.advance()
    _by_hand(pair, "pi-2")
    pair.round()
    row = pair.rows(made)["pi-2"]
    assert (row.progress, row.detail) == ("superseded", "version 3 was made since")
    pair.round()
    assert qualities(pair, "pi-2") == [50]


def _by_hand(stage: Stage, name: str) -> None:
    """Somebody overrides a setting of one device and has that deployed at once."""
    row_version = stage.device(name).row_version
    values = {"config_override": {"jpeg_quality": 50}}
    with stage.session() as session:
        device_configuration.configure(
            session,
            stage.actor,
            stage.ids[name],
            row_version,
            values,
            deploy=True,
            control_url=CONTROL_URL,
            reason="by hand",
            now=stage.now,
        )


def _end(stage: Stage, run_id: int) -> None:
    """The run is over, and has left its devices."""
    with stage.session() as session:
        session.execute(sa.text("UPDATE runs SET state = 'succeeded' WHERE id = :id").bindparams(id=run_id))
        session.execute(sa.text("DELETE FROM device_locks WHERE run_id = :id").bindparams(id=run_id))
        session.commit()
