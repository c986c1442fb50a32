"""A Pi checks in: what is kept of its report, and what it is answered."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
import rq
import sqlalchemy as sa
from flask.testing import FlaskClient

from control_ui.models import DeviceSample, DeviceState, DeviceStatusChange
from control_ui.models.devices import DeviceStatus
from control_ui.models.scope import ScopedSession
from control_ui.services.configuration.desire import want
from control_ui.services.devices.checkins import Answer, check_in
from control_ui.services.devices.status import SILENT, mark_silent
from control_ui.services.devices.tokens import owner
from control_ui.services.errors import ConflictError
from control_ui.work_queue import ADVANCE_DEPLOYMENTS
from tests.control_ui import factories
from tests.control_ui.conftest import NOW
from tests.control_ui.devices.conftest import PASSWORD, TOKEN, Fleet, agent, report


def checked_in(session: ScopedSession, sent: dict[str, Any], now: datetime = NOW) -> Answer:
    """As the view does it, at a time of the test's choosing."""
    session.expire_all()
    return check_in(session, owner(session, TOKEN), sent, now)


def state(session: ScopedSession, fleet: Fleet) -> DeviceState:
    query = sa.select(DeviceState).where(DeviceState.device_id == fleet.device.id)
    return session.scalars(query, execution_options={"populate_existing": True}).one()


def changes(session: ScopedSession) -> list[tuple[str, list[str], datetime]]:
    rows = session.scalars(sa.select(DeviceStatusChange).order_by(DeviceStatusChange.id))
    return [(row.status.value, row.reasons, row.at) for row in rows]


def test_a_healthy_report_makes_the_device_online(session: ScopedSession, fleet: Fleet) -> None:
    answer = checked_in(session, report())
    found = state(session, fleet)
    assert (found.status, found.status_reasons, found.last_seen_at) == (DeviceStatus.ONLINE, [], NOW)
    assert (found.config_version, found.release) == (6, "1.2.3")
    assert found.report["stream"]["status"] == "streaming"
    assert (answer.desired_version, answer.config_url, answer.actions) == (None, None, [])
    assert changes(session) == [("online", [], NOW)]


def test_over_http_it_is_answered_what_is_wanted(client: FlaskClient, session: ScopedSession, fleet: Fleet) -> None:
    version = factories.config_version(session, fleet.device, 7)
    want(session, fleet.device, version, expires_at=None, now=NOW)
    session.commit()
    answer = client.post("/api/agent/checkin", json=report(), headers=agent())
    assert (answer.status_code, answer.get_json()) == (
        200,
        {"desired_version": 7, "config_url": "api/agent/config", "actions": []},
    )


@pytest.mark.parametrize("headers", [{}, agent("wrong"), agent(""), {"Authorization": "Basic eDp5"}, agent("x" * 5000)])
def test_who_shows_no_valid_token_is_told_nothing(client: FlaskClient, fleet: Fleet, headers: dict[str, str]) -> None:
    for answer in (
        client.post("/api/agent/checkin", json=report(), headers=headers),
        client.get("/api/agent/config", headers=headers),
    ):
        assert (answer.status_code, answer.mimetype) == (401, "application/problem+json")


@pytest.mark.usefixtures("fleet")
def test_a_report_of_another_device_is_refused(client: FlaskClient, session: ScopedSession, fleet: Fleet) -> None:
    answer = client.post("/api/agent/checkin", json=report() | {"device_id": "wash-2"}, headers=agent())
    assert answer.status_code == 403
    assert "copied" in answer.get_json()["detail"]
    assert state(session, fleet).status == DeviceStatus.NEVER_SEEN


def test_a_wish_that_has_expired_is_not_told(session: ScopedSession, fleet: Fleet) -> None:
    version = factories.config_version(session, fleet.device, 7)
    want(session, fleet.device, version, expires_at=NOW + timedelta(minutes=1), now=NOW)
    session.commit()
    assert checked_in(session, report()).desired_version == 7
    assert checked_in(session, report(), NOW + timedelta(minutes=2)).desired_version is None


def test_the_same_trouble_is_one_change_and_other_trouble_another(session: ScopedSession, fleet: Fleet) -> None:
    refused = {"status": "disconnected", "last_error": {"reason": "refused", "detail": "x"}}
    for seconds in (10, 20, 30):
        stale = {"snapshot": {"age_seconds": 60.0 + seconds}}
        checked_in(session, report(status=stale, stream=refused), NOW + timedelta(seconds=seconds))
    hot = {"conditions": [{"name": "too_hot", "since": "x", "detail": "82.1 degrees Celsius"}]}
    checked_in(session, report(status=hot), NOW + timedelta(seconds=40))
    assert changes(session) == [
        ("degraded", ["no picture: the camera refuses the connection"], NOW + timedelta(seconds=10)),
        ("degraded", ["it is too hot"], NOW + timedelta(seconds=40)),
    ]
    assert state(session, fleet).status_since == NOW + timedelta(seconds=10)


def test_a_device_that_was_silent_and_comes_back_leaves_both_changes(session: ScopedSession, fleet: Fleet) -> None:
    checked_in(session, report())
    later = NOW + timedelta(minutes=1)
    assert mark_silent(session, later) == 1
    checked_in(session, report(), later)
    assert [(status, at) for status, _, at in changes(session)] == [
        ("online", NOW),
        ("offline", NOW),
        ("online", later),
    ]
    assert state(session, fleet).status_since == later


def test_one_declared_silent_between_reading_and_writing_counts_as_coming_back(
    session: ScopedSession, fleet: Fleet
) -> None:
    checked_in(session, report())
    later = NOW + timedelta(minutes=1)
    session.expire_all()
    device = owner(session, TOKEN)
    session.expunge_all()  # as in the view: it was read by another session
    assert mark_silent(session, later) == 1
    check_in(session, device, report(), later)
    assert [status for status, _, _ in changes(session)] == ["online", "offline", "online"]


def test_a_device_that_is_removed_meanwhile_is_told_to_come_again(session: ScopedSession, fleet: Fleet) -> None:
    device = owner(session, TOKEN)
    session.expunge_all()
    session.execute(sa.delete(DeviceState).where(DeviceState.device_id == fleet.device.id))
    with pytest.raises(ConflictError, match="check in again"):
        check_in(session, device, report(), NOW)


def test_silence_is_offline_after_three_missed_checkins_and_never_before_half_a_minute(
    session: ScopedSession, fleet: Fleet
) -> None:
    checked_in(session, report())
    assert state(session, fleet).overdue_at == NOW + timedelta(seconds=30)
    shown = {"checkin_interval_seconds": 60}
    factories.config_version(session, fleet.device, 6, shown=shown)
    session.commit()
    checked_in(session, report())
    assert state(session, fleet).overdue_at == NOW + timedelta(seconds=180)
    assert mark_silent(session, NOW + timedelta(seconds=180)) == 0
    assert mark_silent(session, NOW + timedelta(seconds=181)) == 1
    assert mark_silent(session, NOW + timedelta(seconds=182)) == 0
    found = state(session, fleet)
    assert (found.status, found.status_reasons, found.status_since) == (DeviceStatus.OFFLINE, [SILENT], NOW)


def test_a_device_that_never_checked_in_is_not_called_silent(session: ScopedSession, fleet: Fleet) -> None:
    assert mark_silent(session, NOW + timedelta(days=9)) == 0
    assert state(session, fleet).status == DeviceStatus.NEVER_SEEN


def test_a_sample_is_kept_once_a_minute(session: ScopedSession, fleet: Fleet) -> None:
    for seconds in (0, 10, 20, 59.5, 70, 119):
        checked_in(session, report(), NOW + timedelta(seconds=seconds))
    samples = list(session.scalars(sa.select(DeviceSample).order_by(DeviceSample.at)))
    assert [sample.at for sample in samples] == [NOW, NOW + timedelta(seconds=59.5), NOW + timedelta(seconds=119)]
    first = samples[0]
    assert (first.cpu_usage_percent, first.network_received_bytes, first.network_transmitted_bytes) == (12.5, 11, 22)
    assert (first.stream_status, first.snapshots_published, first.snapshot_fresh) == ("streaming", 42, True)
    assert (first.snapshot_age_seconds, first.config_version, first.stream_restarts) == (4.0, 6, 1)


def test_samples_of_its_absence_are_kept_once_with_their_own_time(session: ScopedSession, fleet: Fleet) -> None:
    kept = [
        {"at": f"2026-03-04T04:0{minute}:00Z", "metrics": {"temperature_celsius": 60 + minute}} for minute in (1, 2)
    ]
    odd = [{"at": "1970-01-01T00:00:09Z", "metrics": {}}, {"at": None, "metrics": {}}, "nonsense"]
    for _ in range(2):
        checked_in(session, report(samples=[*kept, *odd]))
    samples = list(session.scalars(sa.select(DeviceSample).order_by(DeviceSample.at)))
    assert [sample.temperature_celsius for sample in samples] == [61.0, 62.0, 51.5]
    assert samples[0].snapshot_fresh is None


@pytest.mark.usefixtures("fleet")
def test_deployments_are_woken_by_news_of_what_is_wanted_and_by_nothing_else(
    client: FlaskClient, session: ScopedSession, fleet: Fleet, redis_client: Any
) -> None:
    def woken(sent: dict[str, Any]) -> bool:
        redis_client.flushall()
        assert client.post("/api/agent/checkin", json=sent, headers=agent()).status_code == 200
        queue = rq.Queue("control", connection=redis_client)
        return [job.func_name for job in queue.jobs] == [ADVANCE_DEPLOYMENTS]

    assert not woken(report())
    assert not woken(report(7))  # nothing is wanted: nobody waits for it
    want(session, fleet.device, factories.config_version(session, fleet.device, 8), expires_at=None, now=NOW)
    session.commit()
    assert not woken(report(7))
    assert woken(report(8))
    assert not woken(report(8))
    pull = {"desired_version": 8, "reason": "refused: no picture"}
    assert woken(report(7, status={"pull": pull}))
    assert not woken(report(7, status={"pull": pull}))


def test_a_password_in_a_report_is_masked_before_it_is_kept(session: ScopedSession, fleet: Fleet) -> None:
    detail = f"cannot open rtsp://viewer:{PASSWORD}@192.0.2.10/; tried {PASSWORD}"
    checked_in(session, report(stream={"last_error": {"reason": "refused", "detail": detail}}))
    kept = state(session, fleet).report["stream"]["last_error"]["detail"]
    assert PASSWORD not in kept
    assert kept == "cannot open rtsp://viewer:***@192.0.2.10/; tried ***"
