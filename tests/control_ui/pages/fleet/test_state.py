"""What open fleet pages ask for again and again."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from control_ui.models import DeviceState
from control_ui.models.people import Role
from control_ui.models.scope import ALL_TENANTS, SessionFactory, open_session
from control_ui.services.devices import status
from control_ui.services.fleet import live
from control_ui.services.fleet.live import FleetMemory, document
from tests.control_ui.conftest import NOW
from tests.control_ui.pages.browser import sign_in
from tests.control_ui.pages.fleet.conftest import Fleet
from tests.control_ui.people.cast import Cast


@pytest.fixture
def operator(client: FlaskClient, cast: Cast, fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> FlaskClient:
    """What is asked here is answered anew each time."""
    monkeypatch.setattr(live, "LIFETIME_SECONDS", 0.0)
    sign_in(client, cast[Role.OPERATOR])
    return client


def test_it_tells_of_every_site_of_the_tenant_what_can_change(operator: FlaskClient, fleet: Fleet) -> None:
    told = operator.get("/fleet/state").get_json()
    rows = {row[0]: row for row in told["sites"]}
    since = int(NOW.timestamp())
    (version,) = told["templates"]
    assert told["templates"] == {version: "Standard 1"}
    assert set(rows) == {fleet.well.id, fleet.warm.id, fleet.away.id}
    assert rows[fleet.warm.id] == [
        fleet.warm.id, "degraded", since, ["it is too hot"], 1, 2, int(version), "1.3.2", "",
    ]  # fmt: skip
    assert rows[fleet.away.id] == [
        fleet.away.id, "offline", since, ["it does not check in"], None, None, None, "", "",
    ]  # fmt: skip


def test_as_long_as_nothing_changes_it_is_said_in_a_word(
    operator: FlaskClient, fleet: Fleet, sessions: SessionFactory
) -> None:
    etag = operator.get("/fleet/state").headers["ETag"]
    with open_session(sessions, ALL_TENANTS) as session:
        session.execute(sa.update(DeviceState).values(last_seen_at=NOW + timedelta(seconds=10), overdue_at=NOW))
        session.commit()
    again = operator.get("/fleet/state", headers={"If-None-Match": etag})
    assert (again.status_code, again.data) == (304, b"")


def test_a_site_that_has_gone_silent_is_told(operator: FlaskClient, fleet: Fleet, sessions: SessionFactory) -> None:
    etag = operator.get("/fleet/state").headers["ETag"]
    with open_session(sessions, ALL_TENANTS) as session:
        session.execute(
            sa.update(DeviceState)
            .where(DeviceState.device_id == fleet.well.id)
            .values(last_seen_at=NOW, overdue_at=NOW + timedelta(seconds=30))
        )
        session.commit()
        assert status.mark_silent(session, NOW + timedelta(seconds=31)) == 1
    answer = operator.get("/fleet/state", headers={"If-None-Match": etag})
    assert answer.status_code == 200
    (row,) = [row for row in answer.get_json()["sites"] if row[0] == fleet.well.id]
    assert row[1] == "offline"


def test_a_label_query_narrows_it_and_a_bad_one_is_explained(operator: FlaskClient, fleet: Fleet) -> None:
    told = operator.get("/fleet/state?query=lane%3Ddouble").get_json()
    assert [row[0] for row in told["sites"]] == [fleet.well.id]
    answer = operator.get("/fleet/state?query=lane%3D")
    assert answer.status_code == 422
    assert "a value is expected" in answer.get_json()["detail"]


def test_nobody_is_told_of_another_tenants_sites(client: FlaskClient, cast: Cast, fleet: Fleet) -> None:
    seen = {}
    for user in (cast[Role.VIEWER], cast.stranger, cast[Role.PLATFORM_ADMIN]):
        sign_in(client, user)
        seen[user.email] = {row[0] for row in client.get("/fleet/state").get_json()["sites"]}
    ours = {fleet.well.id, fleet.warm.id, fleet.away.id}
    assert seen == {
        "viewer@ours.test": ours, "stranger@theirs.test": {fleet.theirs.id},
        "platform_admin@ours.test": ours | {fleet.theirs.id},
    }  # fmt: skip


def test_a_page_whose_session_has_ended_is_told_to_be_asked_for_again(client: FlaskClient, fleet: Fleet) -> None:
    answer = client.get("/fleet/state", headers={"HX-Request": "true"})
    assert (answer.status_code, answer.headers["HX-Refresh"]) == (204, "true")


def test_it_is_worked_out_once_for_all_who_ask_within_half_a_second() -> None:
    now, loads = [100.0], []
    memory = FleetMemory(lambda: now[0])

    def load() -> live.Document:
        loads.append(1)
        return document({"load": len(loads)})

    first = memory.read("ours", load)
    now[0] += live.LIFETIME_SECONDS / 2
    assert memory.read("ours", load) is first
    assert memory.read("theirs", load) is not first
    now[0] += live.LIFETIME_SECONDS
    assert memory.read("ours", load).etag != first.etag
    assert len(loads) == 3


def test_who_comes_while_it_is_worked_out_waits_for_it() -> None:
    memory, begun, go_on, loads = FleetMemory(lambda: 0.0), threading.Event(), threading.Event(), []

    def load() -> live.Document:
        loads.append(1)
        begun.set()
        assert go_on.wait(10)
        return document({})

    with ThreadPoolExecutor(8) as pool:
        answers = [pool.submit(memory.read, "ours", load) for _ in range(8)]
        assert begun.wait(10)
        go_on.set()
        assert len({answer.result(10).etag for answer in answers}) == 1
    assert len(loads) == 1


def test_what_fails_is_tried_again_by_the_next_who_asks() -> None:
    memory = FleetMemory(lambda: 0.0)

    def fail() -> live.Document:
        raise OSError("the database is away")

    with pytest.raises(OSError, match="away"):
        memory.read("ours", fail)
    assert memory.read("ours", lambda: document({})).body == b"{}"


def test_it_does_not_remember_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "MOST_KEPT", 3)
    memory = FleetMemory(lambda: 0.0)
    for number in range(10):
        memory.read(number, lambda: document({}))
    assert len(memory._entries) <= 3
