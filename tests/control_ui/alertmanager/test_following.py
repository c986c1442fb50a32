"""The alerts here are those of a real Alertmanager, whichever of the two is restarted or away."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from flask.testing import FlaskClient

from control_ui.jobs import clock
from control_ui.models.alerts import AlertState
from control_ui.services.alertmanager.client import CONNECT_SECONDS
from control_ui.services.alertmanager.standing import SILENT, standing
from control_ui.services.alerts import listing, receive
from tests.control_ui.alertmanager.conftest import Plane
from tests.monitoring.alertmanager_process import AlertmanagerProcess


def test_what_fires_there_fires_here_after_one_tick(plane: Plane, alertmanager: AlertmanagerProcess) -> None:
    alertmanager.tell(plane.offline, {"alertname": "RunsBacklog", "severity": "warning"})
    plane.tick()
    found = {alert.name: alert for alert in plane.alerts()}
    assert set(found) == {"DeviceOffline", "RunsBacklog"}
    assert found["DeviceOffline"].state == AlertState.FIRING
    assert found["DeviceOffline"].device_id == plane.device.id
    assert found["RunsBacklog"].tenant_id is None
    assert {alert.fingerprint for alert in found.values()} == {
        alert["fingerprint"] for alert in alertmanager.read("alerts")
    }


def test_what_is_over_there_is_over_here_after_one_tick(plane: Plane, alertmanager: AlertmanagerProcess) -> None:
    alertmanager.tell(plane.offline)
    plane.tick()
    alertmanager.tell(plane.offline, ended=True)
    plane.tick()
    assert plane.only().state == AlertState.RESOLVED
    assert plane.only().ends_at is not None


def test_an_alert_that_comes_again_is_another_one(plane: Plane, alertmanager: AlertmanagerProcess) -> None:
    alertmanager.tell(plane.offline, began=datetime.now(UTC) - timedelta(minutes=3))
    plane.tick()
    plane.acknowledge("DeviceOffline")
    alertmanager.tell(plane.offline, ended=True)
    alertmanager.tell(plane.offline, began=datetime.now(UTC) + timedelta(milliseconds=5))
    plane.tick()
    first, second = plane.alerts()
    assert (first.state, second.state) == (AlertState.RESOLVED, AlertState.FIRING)
    assert second.acknowledged_at is None


def test_an_alertmanager_that_was_just_started_ends_nothing(plane: Plane, alertmanager: AlertmanagerProcess) -> None:
    alertmanager.tell(plane.offline)
    plane.tick()
    alertmanager.kill()
    alertmanager.start()
    assert alertmanager.read("alerts") == []
    plane.tick()
    assert plane.only().state == AlertState.FIRING
    alertmanager.tell(plane.offline)
    plane.tick()
    alertmanager.tell(plane.offline, ended=True)
    plane.tick()
    assert plane.only().state == AlertState.RESOLVED


def test_what_was_never_told_again_is_over_some_minutes_after_the_start(
    plane: Plane, alertmanager: AlertmanagerProcess
) -> None:
    alertmanager.tell(plane.offline)
    plane.tick()
    alertmanager.kill()
    alertmanager.start()
    plane.sync(plane.here, datetime.now(UTC) + timedelta(minutes=6))
    assert plane.only().state == AlertState.RESOLVED


def test_an_alert_that_begins_anew_only_because_all_were_restarted_goes_on(
    plane: Plane, alertmanager: AlertmanagerProcess
) -> None:
    began = datetime.now(UTC) - timedelta(hours=1)
    alertmanager.tell(plane.offline, began=began)
    plane.tick()
    plane.acknowledge("DeviceOffline")
    alertmanager.kill()
    alertmanager.start()
    alertmanager.tell(plane.offline)
    plane.tick()
    plane.tick()
    assert plane.only().state == AlertState.FIRING
    assert plane.only().acknowledged_by == plane.actor.name
    assert abs(plane.only().starts_at - began) < timedelta(seconds=1)
    assert alertmanager.suppressed() == {"DeviceOffline": True}


def test_one_that_is_away_ends_nothing_and_is_said_to_be_away(plane: Plane, alertmanager: AlertmanagerProcess) -> None:
    alertmanager.tell(plane.offline)
    plane.tick()
    alertmanager.kill()
    now = datetime.now(UTC)
    plane.sync(plane.here, now)
    with plane.session() as session:
        found = standing(session, now)
    assert found is not None
    assert not found.reachable
    assert "CARWASH_ALERTMANAGER_URL" in found.problem
    assert plane.only().state == AlertState.FIRING
    alertmanager.start()
    plane.sync(plane.here, now + timedelta(seconds=11))
    with plane.session() as session:
        again = standing(session, now + timedelta(seconds=11))
    assert again is not None
    assert again.reachable


def test_nobody_knows_when_no_worker_asks(plane: Plane, alertmanager: AlertmanagerProcess) -> None:
    plane.tick()
    with plane.session() as session:
        found = standing(session, datetime.now(UTC) + SILENT + timedelta(seconds=2))
    assert found is not None
    assert not found.reachable
    assert "worker" in found.problem


def test_something_else_at_its_address_ends_nothing(plane: Plane, alertmanager: AlertmanagerProcess) -> None:
    alertmanager.tell(plane.offline)
    plane.tick()
    plane.restart()
    elsewhere = replace(plane.here.settings, alertmanager_url=f"{alertmanager.url}/elsewhere")
    plane.here = replace(plane.here, settings=elsewhere)
    plane.tick()
    assert plane.only().state == AlertState.FIRING


def test_an_alert_says_when_it_goes_to_the_next_receiver(plane: Plane, alertmanager: AlertmanagerProcess) -> None:
    alertmanager.tell(plane.offline, {"alertname": "RunsBacklog", "severity": "warning"})
    plane.tick()
    found = {alert.name: alert for alert in plane.alerts()}
    assert found["DeviceOffline"].escalates_at == found["DeviceOffline"].starts_at + timedelta(seconds=900)
    assert found["RunsBacklog"].escalates_at is None


def test_an_inhibited_alert_says_what_keeps_it_quiet(plane: Plane, alertmanager: AlertmanagerProcess) -> None:
    alertmanager.tell(plane.offline, {"alertname": "WideOutage", "severity": "critical", "tenant": plane.tenant.slug})
    plane.tick()
    assert {alert.name: alert.inhibited_by for alert in plane.alerts()} == {
        "DeviceOffline": "WideOutage", "WideOutage": "",
    }  # fmt: skip


def test_a_silence_made_with_amtool_is_seen_here(plane: Plane, alertmanager: AlertmanagerProcess) -> None:
    alertmanager.tell(plane.offline)
    subprocess.run(
        [
            "amtool", f"--alertmanager.url={alertmanager.url}", "silence", "add", "--author=alice",
            "--comment=new switch", "alertname=DeviceOffline",
        ],
        check=True, capture_output=True, timeout=30,
    )  # fmt: skip
    plane.tick()
    alert = plane.only()
    assert alert.silenced_by == "alice: new switch"
    with plane.session() as session:
        counts = listing.counts(session, listing.Filters(), datetime.now(UTC))
        [row] = listing.some(session, [alert.id], datetime.now(UTC))
    assert (counts.silenced, counts.open) == (1, {})
    assert not row.needs_somebody


def test_the_webhook_and_the_listing_tell_of_one_alert(plane: Plane, alertmanager: AlertmanagerProcess) -> None:
    began = datetime.now(UTC).replace(microsecond=123456)
    alertmanager.tell(plane.offline, began=began)
    [listed] = alertmanager.read("alerts")
    notice = receive.Notice(listed["fingerprint"], plane.offline, {}, began, None)
    with plane.session() as session:
        receive.receive(session, [notice], datetime.now(UTC))
    plane.tick()
    with plane.session() as session:
        receive.receive(session, [notice], datetime.now(UTC))
    assert plane.only().fingerprint == listed["fingerprint"]


def test_what_the_webhook_told_while_alertmanager_was_being_asked_is_not_over(
    plane: Plane, alertmanager: AlertmanagerProcess
) -> None:
    asked_at = datetime.now(UTC)
    notice = receive.Notice("ab12", plane.offline, {}, asked_at, None)
    with plane.session() as session:
        receive.receive(session, [notice], asked_at + timedelta(milliseconds=200))
    plane.sync(plane.here, asked_at)
    assert plane.only().state == AlertState.FIRING


def test_the_clock_asks_often_enough_for_five_seconds() -> None:
    [duty] = [duty for duty in clock.duties() if duty.name == "alertmanager"]
    assert duty.every_seconds + clock.TICK_SECONDS + CONNECT_SECONDS <= 5


def test_the_api_gives_what_alertmanager_has(
    plane: Plane, alertmanager: AlertmanagerProcess, client: FlaskClient
) -> None:
    alertmanager.tell(plane.offline, {"alertname": "WideOutage", "severity": "critical", "tenant": plane.tenant.slug})
    plane.tick()
    items = client.get("/api/alerts?state=firing", headers=plane.headers).get_json()["items"]
    there = {alert["labels"]["alertname"]: alert["labels"] for alert in alertmanager.read("alerts")}
    assert {item["name"]: item["labels"] for item in items} == there
    assert {item["name"]: item["inhibited_by"] for item in items} == {"DeviceOffline": "WideOutage", "WideOutage": ""}
