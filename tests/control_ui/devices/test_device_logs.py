"""Log lines of a Pi: kept once, without secrets, at the right place in time, and found again."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from control_ui.models import DeviceLog
from control_ui.models.scope import ScopedSession
from control_ui.services.devices import logs
from control_ui.services.devices.checkins import check_in
from control_ui.services.devices.tokens import owner
from tests.control_ui.conftest import NOW
from tests.control_ui.devices.conftest import PASSWORD, TOKEN, Fleet, report


def line(at: str = "2026-03-04T05:00:00Z", name: str = "cursor-1", **changes: Any) -> dict[str, Any]:
    return {"id": name, "at": at, "unit": "carwash-agent.service", "priority": 4, "message": "all is well"} | changes


def kept(session: ScopedSession, lines: list[Any], now: datetime = NOW) -> list[DeviceLog]:
    session.expunge_all()
    check_in(session, owner(session, TOKEN), report(logs=lines), now)
    found = list(session.scalars(sa.select(DeviceLog).order_by(DeviceLog.at, DeviceLog.entry_id)))
    session.commit()
    return found


@pytest.mark.usefixtures("fleet")
def test_a_line_that_is_sent_again_is_kept_once(session: ScopedSession) -> None:
    kept(session, [line(), line()])
    (row,) = kept(session, [line()], NOW + timedelta(minutes=1))
    assert (row.unit, row.priority, row.message) == ("carwash-agent.service", 4, "all is well")
    assert len(row.entry_id) == 64


@pytest.mark.parametrize(
    "at", ["1970-01-01T00:00:12Z", "2099-01-01T00:00:00Z", "nonsense", None, "9999-12-31T23:59:59-14:00"]
)
@pytest.mark.usefixtures("fleet")
def test_a_line_of_an_odd_clock_is_kept_with_its_receipt_and_says_so(session: ScopedSession, at: Any) -> None:
    kept(session, [line(at=at)])
    (row,) = kept(session, [line(at=at)], NOW + timedelta(minutes=1))
    assert row.at == NOW
    assert row.message == f"(its clock said {at or 'nothing'}) all is well"


@pytest.mark.usefixtures("fleet")
def test_a_line_from_a_long_absence_keeps_its_own_time(session: ScopedSession) -> None:
    (row,) = kept(session, [line(at="2025-12-24T18:00:00+01:00")])
    assert row.at.isoformat() == "2025-12-24T17:00:00+00:00"


@pytest.mark.usefixtures("fleet")
def test_secrets_are_masked_even_where_a_line_is_cut(session: ScopedSession) -> None:
    edge = "x" * (logs.LONGEST_MESSAGE - 5) + PASSWORD
    messages = [f"rtsp://viewer:{PASSWORD}@192.0.2.1/", f"the word is {PASSWORD}!", edge, "token=abcdef123"]
    rows = kept(session, [line(name=str(at), message=message) for at, message in enumerate(messages)])
    for row in rows:
        assert PASSWORD[:5] not in row.message
        assert "abcdef123" not in row.message
        assert len(row.message) <= logs.LONGEST_MESSAGE


@pytest.mark.usefixtures("fleet")
def test_lines_are_bounded_in_number_and_in_size(session: ScopedSession) -> None:
    assert len(logs.read([line(name=str(n)) for n in range(logs.MOST_LINES + 9)], lambda text: text, NOW)) == 1000
    large = [line(name=str(n), message="x" * 2000) for n in range(900)]
    assert len(logs.read(large, lambda text: text, NOW)) == logs.MOST_CHARACTERS // 2000


@pytest.mark.usefixtures("fleet")
def test_a_line_without_what_is_usual_is_kept_as_far_as_it_goes(session: ScopedSession) -> None:
    (row,) = kept(session, [{"at": "2026-03-04T05:00:00Z", "message": "bare\x00\ud800"}, 7, None])
    assert (row.message, row.unit, row.priority) == ("bare?", "", 6)


def listed(client: FlaskClient, fleet: Fleet, query: str = "") -> list[str]:
    answer = client.get(f"/api/devices/{fleet.device.id}/logs{query}", headers=fleet.headers())
    assert answer.status_code == 200
    return [item["message"] for item in answer.get_json()["items"]]


def test_lines_are_found_by_time_unit_severity_and_word(
    client: FlaskClient, session: ScopedSession, fleet: Fleet
) -> None:
    kept(
        session,
        [
            line("2026-03-04T05:00:00Z", "1", message="one", priority=3),
            line("2026-03-04T05:01:00Z", "2", message="two 100%", unit="carwash-stream.service"),
            line("2026-03-04T05:02:00Z", "3", message="three", priority=7),
        ],
    )
    assert listed(client, fleet) == ["three", "two 100%", "one"]
    assert listed(client, fleet, "?priority=4") == ["two 100%", "one"]
    assert listed(client, fleet, "?unit=carwash-stream.service") == ["two 100%"]
    assert listed(client, fleet, "?q=100%25") == ["two 100%"]
    assert listed(client, fleet, "?q=_") == []
    assert listed(client, fleet, "?since=2026-03-04T05:01:00Z&until=2026-03-04T05:02:00Z") == ["two 100%"]


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00%2B14:00", "9999-12-31T23:59:59-12:00", "1969-12-31T23:59:59Z"])
def test_a_time_that_cannot_be_meant_is_refused_by_name(client: FlaskClient, fleet: Fleet, moment: str) -> None:
    answer = client.get(f"/api/devices/{fleet.device.id}/logs?since={moment}", headers=fleet.headers())
    assert answer.status_code == 422
    (fault,) = answer.get_json()["faults"]
    assert fault["path"] == "query.since"
    assert "1970 to 9998" in fault["message"]


def test_lines_are_paged_from_the_newest_on(client: FlaskClient, session: ScopedSession, fleet: Fleet) -> None:
    kept(session, [line("2026-03-04T05:00:00Z", str(n), message=str(n)) for n in range(5)])
    path, seen, cursor = f"/api/devices/{fleet.device.id}/logs?limit=2", [], ""
    while True:
        page = client.get(path + cursor, headers=fleet.headers()).get_json()
        seen += [item["message"] for item in page["items"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert sorted(seen) == ["0", "1", "2", "3", "4"]
