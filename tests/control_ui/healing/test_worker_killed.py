"""A real worker is killed in the middle of a healing action: neither repeated nor forgotten."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from control_ui.models import DeviceState, HealingAction, Run
from control_ui.models.devices import DeviceStatus
from control_ui.models.healing import ActionState, RuleAction
from control_ui.models.runs import RunState
from control_ui.services.healing import begin, rounds
from control_ui.services.healing.plain import Limits
from control_ui.services.runs.catalogue import catalogue
from control_ui.settings import REPOSITORY
from tests.control_ui.healing.conftest import KEY, WELL, stuck
from tests.control_ui.runs.conftest import PROJECT
from tests.control_ui.runs.plane import Plane
from tests.pi_service.waiting import wait_for


@pytest.fixture
def plane(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Plane]:
    """Its restart of the units waits to be let go."""
    catalogue.load(PROJECT)
    made = Plane(tmp_path, None)
    monkeypatch.setitem(begin._RUNS, RuleAction.RESTART_UNITS, ("hang", {"directory": str(made.directory)}))
    yield made
    made.close()
    catalogue.load(REPOSITORY)


def fall_ill(plane: Plane, report: dict[str, object], now: datetime) -> None:
    device = plane.fleet.devices[0]
    with plane.session() as session:
        session.execute(
            sa.text("UPDATE devices SET ssh_host_keys = :key WHERE id = :id"), {"key": f'["{KEY}"]', "id": device.id}
        )
        status = DeviceStatus.ONLINE if report == WELL else DeviceStatus.DEGRADED
        change = sa.update(DeviceState).where(DeviceState.device_id == device.id)
        session.execute(change.values(status=status, last_seen_at=now, report=report))
        session.commit()


def one_round(plane: Plane, now: datetime) -> int:
    with plane.session() as session:
        return rounds.round_(session, Limits(), now).begun


def actions(plane: Plane) -> list[HealingAction]:
    with plane.session() as session:
        return list(session.scalars(sa.select(HealingAction)))


def test_the_worker_is_killed_in_the_middle_of_a_healing_action(plane: Plane) -> None:
    now = datetime.now(UTC)
    fall_ill(plane, stuck(), now - timedelta(minutes=5))
    assert one_round(plane, now - timedelta(minutes=4)) == 0
    assert one_round(plane, now) == 1
    (action,) = actions(plane)
    assert action.run_id is not None
    plane.worker()
    wait_for("the host to wait", lambda: plane._waiting_hosts(action.run_id or 0) == 1)
    plane.end_worker(signal.SIGKILL)
    assert one_round(plane, datetime.now(UTC)) == 0, "it is still under way, as far as anybody knows"
    plane.worker()
    assert plane.ended(action.run_id).state == RunState.LOST
    later = datetime.now(UTC) + timedelta(minutes=1)
    fall_ill(plane, stuck(), later)
    assert one_round(plane, later) == 0
    (lost,) = actions(plane)
    assert (lost.id, lost.state) == (action.id, ActionState.FAILED)
    after_cooldown = later + timedelta(minutes=4)
    fall_ill(plane, stuck(), after_cooldown)
    assert one_round(plane, after_cooldown) == 1
    _, second = actions(plane)
    plane.go.touch()
    assert plane.ended(second.run_id or 0).state == RunState.SUCCEEDED
    fall_ill(plane, WELL, after_cooldown + timedelta(minutes=2))
    one_round(plane, after_cooldown + timedelta(minutes=2))
    assert [one.state for one in actions(plane)] == [ActionState.FAILED, ActionState.HEALED]
    with plane.session() as session:
        assert session.scalars(sa.select(sa.func.count(Run.id))).one() == 2
