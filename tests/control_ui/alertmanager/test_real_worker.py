"""A real worker beside a real Alertmanager: what one has, the other has within five seconds, and what people said
outlives the death of either."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from control_ui.models import Alert
from control_ui.models.alerts import AlertState
from control_ui.services.alerts.acknowledge import acknowledge
from tests.control_ui.runs.plane import Plane
from tests.monitoring.alertmanager_process import AlertmanagerProcess
from tests.pi_service.waiting import wait_for

IN_STEP_SECONDS = 5.0
START_SECONDS = 60.0
"""For the worker's first look, its start included."""
BACKLOG = {"alertname": "RunsBacklog", "severity": "warning"}


@pytest.fixture
def plane(tmp_path: Path, alertmanager: AlertmanagerProcess) -> Iterator[Plane]:
    """With its worker running and following."""
    made = Plane(tmp_path / "plane", None)
    made.environment["CARWASH_ALERTMANAGER_URL"] = alertmanager.url
    made.worker()
    yield made
    made.close()


def states(plane: Plane) -> dict[str, AlertState]:
    with plane.session() as session:
        return {alert.name: alert.state for alert in session.scalars(sa.select(Alert))}


def say_it_is_known(plane: Plane, name: str) -> None:
    with plane.session() as session:
        ids = list(session.scalars(sa.select(Alert.id).where(Alert.name == name)))
        acknowledge(session, plane.fleet.actor, ids, comment="On my way", now=datetime.now(UTC))


def test_alerts_and_what_people_say_of_them_are_the_same_on_both_sides_whichever_dies(
    plane: Plane, alertmanager: AlertmanagerProcess
) -> None:
    alertmanager.tell(BACKLOG)
    wait_for("the first alert", lambda: states(plane).get("RunsBacklog") == AlertState.FIRING, START_SECONDS)

    loud = {"alertname": "RunsLost", "severity": "critical"}
    alertmanager.tell(loud)
    wait_for("the next one", lambda: states(plane).get("RunsLost") == AlertState.FIRING, IN_STEP_SECONDS)

    say_it_is_known(plane, "RunsLost")
    wait_for("it to be silent there", lambda: alertmanager.suppressed()["RunsLost"], IN_STEP_SECONDS)

    alertmanager.kill()  # without time to write its silences down
    alertmanager.start()
    alertmanager.tell(BACKLOG, loud)
    wait_for("the silence to be made again", lambda: alertmanager.suppressed()["RunsLost"], START_SECONDS)
    assert states(plane) == {"RunsBacklog": AlertState.FIRING, "RunsLost": AlertState.FIRING}

    plane.end_worker(signal.SIGKILL)
    alertmanager.tell(BACKLOG, ended=True)
    plane.worker()
    wait_for("the end of one to be seen", lambda: states(plane)["RunsBacklog"] == AlertState.RESOLVED, START_SECONDS)
    assert states(plane)["RunsLost"] == AlertState.FIRING
    assert [one["comment"] for one in alertmanager.active_silences()], "what was acknowledged stays so"

    alertmanager.tell(loud, ended=True)
    wait_for("the end of the other", lambda: states(plane)["RunsLost"] == AlertState.RESOLVED, IN_STEP_SECONDS)
    wait_for("its silence to end", lambda: not alertmanager.active_silences(), IN_STEP_SECONDS)
