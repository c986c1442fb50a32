"""What people say here keeps a real Alertmanager silent, whichever of the two forgets."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import requests

from control_ui.services.alerts import silences
from tests.control_ui.alertmanager.conftest import Plane
from tests.monitoring.alertmanager_process import AlertmanagerProcess


def test_an_acknowledged_alert_is_silent_and_no_other(plane: Plane, alertmanager: AlertmanagerProcess) -> None:
    alertmanager.tell(plane.offline, {**plane.offline, "alertname": "CpuTooHot"})
    plane.tick()
    plane.acknowledge("DeviceOffline")
    plane.tick()
    assert alertmanager.suppressed() == {"DeviceOffline": True, "CpuTooHot": False}
    [silence] = alertmanager.active_silences()
    assert silence["comment"] == f"acknowledged by {plane.actor.name}: On my way"
    assert {matcher["name"]: matcher["value"] for matcher in silence["matchers"]} == plane.offline


def test_a_second_tick_makes_no_second_silence(plane: Plane, alertmanager: AlertmanagerProcess) -> None:
    alertmanager.tell(plane.offline)
    plane.tick()
    plane.acknowledge("DeviceOffline")
    plane.tick()
    plane.tick()
    plane.restart()
    plane.tick()
    assert len(alertmanager.read("silences")) == 1


def test_the_silence_ends_with_the_alert(plane: Plane, alertmanager: AlertmanagerProcess) -> None:
    alertmanager.tell(plane.offline)
    plane.tick()
    plane.acknowledge("DeviceOffline")
    plane.tick()
    alertmanager.tell(plane.offline, ended=True)
    plane.tick()
    assert alertmanager.active_silences() == []


def test_an_acknowledgement_survives_an_orderly_restart(plane: Plane, alertmanager: AlertmanagerProcess) -> None:
    alertmanager.tell(plane.offline)
    plane.tick()
    plane.acknowledge("DeviceOffline")
    plane.tick()
    alertmanager.stop()
    alertmanager.start()
    plane.restart()
    plane.tick()
    assert len(alertmanager.active_silences()) == 1


def test_an_alertmanager_that_lost_its_silences_has_them_again_before_it_is_told_of_the_alert(
    plane: Plane, alertmanager: AlertmanagerProcess
) -> None:
    alertmanager.tell(plane.offline)
    plane.tick()
    plane.acknowledge("DeviceOffline")
    plane.tick()
    alertmanager.kill()
    alertmanager.start()
    assert alertmanager.active_silences() == []
    plane.tick()
    alertmanager.tell(plane.offline)
    assert alertmanager.suppressed() == {"DeviceOffline": True}


def test_a_silence_is_renewed_long_before_its_end(plane: Plane, alertmanager: AlertmanagerProcess) -> None:
    alertmanager.tell(plane.offline)
    plane.tick()
    plane.acknowledge("DeviceOffline")
    plane.tick()
    [before] = alertmanager.active_silences()
    now = datetime.now(UTC) + timedelta(hours=13)
    plane.sync(plane.here, now)
    [after] = alertmanager.active_silences()
    assert after["id"] == before["id"]
    assert datetime.fromisoformat(after["endsAt"]) > datetime.fromisoformat(before["endsAt"]) + timedelta(hours=12)


def test_a_silence_made_here_is_one_there_until_it_is_lifted(plane: Plane, alertmanager: AlertmanagerProcess) -> None:
    alertmanager.tell(plane.offline)
    wanted = silences.Wanted("DeviceOffline", "", plane.tenant.slug, timedelta(hours=2), "new switch")
    with plane.session() as session:
        made = silences.create(session, plane.actor, wanted, datetime.now(UTC))
    plane.tick()
    assert alertmanager.suppressed() == {"DeviceOffline": True}
    [silence] = alertmanager.active_silences()
    assert abs(datetime.fromisoformat(silence["endsAt"]) - made.ends_at) < timedelta(seconds=1)
    with plane.session() as session:
        silences.lift(session, plane.actor, made.id, datetime.now(UTC))
    plane.tick()
    assert alertmanager.suppressed() == {"DeviceOffline": False}


def test_silencing_all_of_the_platform_s_own_leaves_tenants_alone(
    plane: Plane, alertmanager: AlertmanagerProcess
) -> None:
    alertmanager.tell(plane.offline, {"alertname": "RunsBacklog", "severity": "warning"})
    wanted = silences.Wanted("", "", "", timedelta(hours=2), "moving house")
    with plane.session() as session:
        silences.create(session, plane.actor, wanted, datetime.now(UTC))
    plane.tick()
    assert alertmanager.suppressed() == {"RunsBacklog": True, "DeviceOffline": False}


def test_silences_of_others_stay(plane: Plane, alertmanager: AlertmanagerProcess) -> None:
    now = datetime.now(UTC)
    body = {
        "matchers": [{"name": "alertname", "value": "CpuTooHot", "isRegex": False, "isEqual": True}],
        "startsAt": now.isoformat(), "endsAt": (now + timedelta(hours=1)).isoformat(),
        "createdBy": "alice", "comment": "a fan is on its way",
    }  # fmt: skip
    requests.post(f"{alertmanager.url}/api/v2/silences", json=body, timeout=5).raise_for_status()
    plane.tick()
    assert [silence["createdBy"] for silence in alertmanager.active_silences()] == ["alice"]
