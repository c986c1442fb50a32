"""Killed at any moment, or done twice at once: a deployment ends as it would have, and no run is asked for twice."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from control_ui.models.deployments import DeploymentState, Strategy
from control_ui.models.scope import ALL_TENANTS, ScopedSession, SessionFactory, open_session
from control_ui.services.deployments import advance as advancing
from control_ui.services.deployments.advance import advance
from control_ui.services.errors import UnavailableError
from control_ui.services.runs.catalogue import Catalogue
from tests.control_ui.deployments.conftest import Stage

Make = Callable[..., Stage]
NAMES = ("pi-1", "pi-2", "pi-3")


class KilledError(BaseException):
    """What kill -9 is to a process: nothing below catches it."""


def story(stage: Stage) -> int:
    """A deployment that goes well in its first wave, badly in its second, and is taken back."""
    stage.new_version(jpeg_quality=70)
    stage.pis["pi-2"].refuses = lambda document: "no picture" if document.get("jpeg_quality") == 70 else ""
    return stage.deploy(strategy=Strategy.WAVES, waves=("1", "100%"), failure_threshold_percent=0)


def end_of(stage: Stage, made: int) -> dict[str, Any]:
    rollback = stage.rollback_of(made)
    return {
        "state": stage.deployment(made).state,
        "progress": stage.progress(made),
        "runs": [(run.playbook, sorted(stage.hosts(run.id))) for run in stage.runs(made)],
        "rollback": (stage.deployment(rollback).state, stage.progress(rollback)),
        "rollback runs": [sorted(stage.hosts(run.id)) for run in stage.runs(rollback)],
        "audit": [entry.action for entry in stage.audit(made)],
        "versions": {name: pi.applied for name, pi in stage.pis.items()},
    }


def carried_on(stage: Stage, made: int) -> int:
    for _ in range(4):
        stage.round()
    return made


def advance_while_being_killed(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> int:
    """Every step is killed right before its commit, and at the next attempt right after it. Gives how many were."""
    commit, killed = ScopedSession.commit, 0

    def dying(session: ScopedSession) -> None:
        if killed % 2:
            commit(session)
        raise KilledError

    while True:
        with monkeypatch.context() as patch, open_session(stage.sessions, ALL_TENANTS) as session:
            patch.setattr(ScopedSession, "commit", dying)
            try:
                advance(session, stage.now)
            except KilledError:
                killed += 1
            else:
                return killed


def test_killed_before_and_after_every_commit_it_ends_as_it_would_have(
    stage_of: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    undisturbed = stage_of(*NAMES)
    expected = end_of(undisturbed, carried_on(undisturbed, story(undisturbed)))
    assert expected["state"] == DeploymentState.ROLLED_BACK
    stage = stage_of(*NAMES)
    made, killed = story(stage), 0
    for _ in range(4):
        killed += advance_while_being_killed(stage, monkeypatch)
        stage.check_in()
    killed += advance_while_being_killed(stage, monkeypatch)
    assert killed > 20
    assert end_of(stage, made) == expected


def test_two_at_once_do_what_one_would_have_done(stage_of: Make, sessions: SessionFactory) -> None:
    stage = stage_of(*NAMES)
    made = story(stage)
    failures: list[BaseException] = []

    def work() -> None:
        try:
            with open_session(sessions, ALL_TENANTS) as session:
                advance(session, stage.now)
        except BaseException as error:
            failures.append(error)

    for _ in range(5):
        threads = [threading.Thread(target=work) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        stage.check_in()
    carried_on(stage, made)
    assert failures == []
    assert len(stage.runs(made)) == 2
    assert len(stage.runs(stage.rollback_of(made))) == 2, "one for each run that is undone"
    assert stage.deployment(made).state == DeploymentState.ROLLED_BACK
    actions = [entry.action for entry in stage.audit(made)]
    assert actions.count("deployment.start_wave") == 2
    assert actions.count("deployment.finish") == 1


def test_one_that_cannot_be_moved_does_not_keep_the_others(stage_of: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    stage = stage_of(*NAMES)
    stage.new_version(jpeg_quality=70)
    broken, well = stage.deploy("pi-1"), stage.deploy("pi-2")
    steps = advancing.STEPS

    def step(session: ScopedSession, deployment: Any, now: Any) -> bool:
        if deployment.id == broken:
            raise ZeroDivisionError("nobody has thought of this")
        return False

    monkeypatch.setattr(advancing, "STEPS", (step, *steps))
    with pytest.raises(ExceptionGroup) as raised:
        stage.advance()
    assert raised.group_contains(ZeroDivisionError)
    assert stage.progress(well) == {"pi-2": "delivering"}
    assert stage.progress(broken) == {"pi-1": "pending"}


def test_one_that_cannot_go_on_says_why_and_waits(stage_of: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    stage = stage_of("pi-1")
    stage.new_version(jpeg_quality=70)
    made = stage.deploy()

    def gone(_self: Catalogue, name: str) -> Any:
        raise UnavailableError(f"{name}.schema.json cannot be read")

    with monkeypatch.context() as patch:
        patch.setattr(Catalogue, "find", gone)
        stage.advance()
    stopped = stage.deployment(made)
    assert (stopped.state, stopped.stop_reason) == (DeploymentState.PAUSED, "configure.schema.json cannot be read")
    assert stage.device("pi-1").state.desired_config_id == stage.rows(made)["pi-1"].wanted_before_id
