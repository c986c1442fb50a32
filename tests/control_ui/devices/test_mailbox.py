"""What a Pi is asked to do: offered until it answers, never after it has expired."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from control_ui.models import DeviceAction
from control_ui.models.people import Role
from control_ui.models.scope import ScopedSession
from control_ui.services.devices import mailbox
from control_ui.services.devices.checkins import check_in
from control_ui.services.devices.tokens import owner
from control_ui.services.errors import ConflictError, InvalidError
from tests.control_ui import factories
from tests.control_ui.conftest import NOW
from tests.control_ui.devices.conftest import PASSWORD, TOKEN, Fleet, agent, report


def ask(session: ScopedSession, fleet: Fleet, kind: str = "diagnose", seconds: int = 600) -> DeviceAction:
    return mailbox.ask(session, fleet.actor(), fleet.device, kind, "to see", seconds, NOW)


def offered(session: ScopedSession, after_seconds: float = 0, results: list[Any] | None = None) -> list[str]:
    session.expire_all()
    device = owner(session, TOKEN)
    now = NOW + timedelta(seconds=after_seconds)
    return [action.id for action in check_in(session, device, report(action_results=results or []), now).actions]


def read(session: ScopedSession, action: DeviceAction) -> DeviceAction:
    session.refresh(action)
    session.commit()
    return action


def result(action: DeviceAction, word: str, detail: Any = "") -> dict[str, Any]:
    return {"id": action.id, "kind": action.kind, "result": word, "detail": detail, "at": "2026-03-04T05:06:00Z"}


def test_an_action_is_offered_until_it_is_answered(session: ScopedSession, fleet: Fleet) -> None:
    action = ask(session, fleet)
    assert offered(session) == [action.id]
    assert offered(session, 10) == [action.id]  # the answer may have been lost on its way
    assert read(session, action).offered_at == NOW
    assert offered(session, 20, [result(action, "ok", {"picture": "fresh"})]) == []
    found = read(session, action)
    assert (found.result, found.detail, found.finished_at) == (
        "ok",
        {"picture": "fresh"},
        NOW + timedelta(seconds=20),
    )
    assert offered(session, 30) == []


def test_what_was_started_is_not_offered_again_and_its_end_still_counts(session: ScopedSession, fleet: Fleet) -> None:
    action = ask(session, fleet, "reboot")
    offered(session)
    assert offered(session, 10, [result(action, "started")]) == []
    assert read(session, action).finished_at is None
    assert offered(session, 20) == []
    offered(session, 30, [result(action, "ok")])
    assert read(session, action).result == "ok"


def test_an_expired_action_is_not_offered_and_marked(session: ScopedSession, fleet: Fleet) -> None:
    action = ask(session, fleet, seconds=60)
    assert offered(session, 61) == []
    found = read(session, action)
    assert (found.result, found.finished_at) == ("expired", NOW + timedelta(seconds=61))


def test_a_reboot_of_which_nothing_more_is_heard_stays_started(session: ScopedSession, fleet: Fleet) -> None:
    action = ask(session, fleet, "reboot", 60)
    offered(session, 1, [result(action, "started")])
    assert mailbox.expire(session, NOW + timedelta(seconds=61)) == 1
    assert read(session, action).result == "started"
    assert mailbox.expire(session, NOW + timedelta(seconds=62)) == 0


def test_an_answer_that_comes_after_it_was_given_up_still_counts(session: ScopedSession, fleet: Fleet) -> None:
    action = ask(session, fleet, seconds=60)
    offered(session, 61)
    offered(session, 70, [result(action, "failed", f"no {PASSWORD}")])
    found = read(session, action)
    assert (found.result, found.detail) == ("failed", "no ***")


def test_nobody_answers_for_another_device(session: ScopedSession, fleet: Fleet) -> None:
    other = factories.device(session, fleet.tenant, "wash-2", token_sha256="x" * 64)
    theirs = mailbox.ask(session, fleet.actor(), other, "diagnose", "", 600, NOW)
    assert offered(session, 1, [result(theirs, "ok")]) == []
    assert read(session, theirs).result is None


@pytest.mark.parametrize("word", ["", "done", 7, None, {"a": 1}])
def test_an_answer_that_means_nothing_is_none(session: ScopedSession, fleet: Fleet, word: Any) -> None:
    action = ask(session, fleet)
    assert offered(session, 1, [result(action, word)]) == [action.id]


def test_a_detail_that_is_too_large_is_left_out_and_the_result_stays(session: ScopedSession, fleet: Fleet) -> None:
    action = ask(session, fleet)
    offered(session, 1, [result(action, "ok", {f"k{n}": "x" * 1900 for n in range(100)})])
    found = read(session, action)
    assert (found.result, found.detail) == ("ok", None)


def test_an_unknown_kind_and_a_full_mailbox_are_refused(session: ScopedSession, fleet: Fleet) -> None:
    with pytest.raises(InvalidError, match="knows restart_stream"):
        ask(session, fleet, "format_disk")
    for _ in range(mailbox.MOST_OPEN):
        ask(session, fleet)
    with pytest.raises(ConflictError, match="waiting already"):
        ask(session, fleet)
    later = NOW + timedelta(seconds=601)
    assert mailbox.ask(session, fleet.actor(), fleet.device, "diagnose", "", 600, later)


def test_over_http_an_action_is_asked_for_once_and_listed(client: FlaskClient, fleet: Fleet) -> None:
    path = f"/api/devices/{fleet.device.id}/actions"
    sent = fleet.headers(Role.OPERATOR, Idempotency_Key="k-1")
    first, second = (client.post(path, json={"kind": "reboot"}, headers=sent) for _ in range(2))
    assert (first.status_code, first.get_json()) == (second.status_code, second.get_json())
    assert (first.status_code, first.get_json()["result"]) == (202, None)
    (listed,) = client.get(path, headers=fleet.headers(Role.VIEWER)).get_json()["items"]
    assert listed["id"] == first.get_json()["id"]
    answer = client.post("/api/agent/checkin", json=report(), headers=agent()).get_json()
    (told,) = answer["actions"]
    assert (told["id"], told["kind"], told["expires_at"]) == (listed["id"], "reboot", listed["expires_at"])
    status = client.get(f"/api/devices/{fleet.device.id}/status", headers=fleet.headers()).get_json()
    assert [action["id"] for action in status["pending_actions"]] == [listed["id"]]


def test_an_action_past_its_time_is_shown_as_expired_before_anybody_has_marked_it(
    client: FlaskClient, session: ScopedSession, fleet: Fleet
) -> None:
    ask(session, fleet)  # long ago
    (listed,) = client.get(f"/api/devices/{fleet.device.id}/actions", headers=fleet.headers()).get_json()["items"]
    assert (listed["result"], listed["finished_at"]) == ("expired", None)


def test_a_device_that_cannot_check_in_is_not_asked(client: FlaskClient, session: ScopedSession, fleet: Fleet) -> None:
    device = factories.device(session, fleet.tenant, "wash-9")
    session.commit()
    answer = client.post(f"/api/devices/{device.id}/actions", json={"kind": "diagnose"}, headers=fleet.headers())
    assert answer.status_code == 409


@pytest.mark.parametrize(
    ("kind", "playbook"), [("restart_stream", "restart"), ("restart_units", "restart"), ("reboot", "reboot")]
)
def test_with_four_eyes_a_pi_is_asked_for_no_change_past_the_second_person(
    client: FlaskClient, session: ScopedSession, fleet: Fleet, kind: str, playbook: str
) -> None:
    fleet.tenant.requires_approval = True
    session.commit()
    path = f"/api/devices/{fleet.device.id}/actions"
    answer = client.post(path, json={"kind": kind}, headers=fleet.headers())
    assert answer.status_code == 409
    assert f"start a run of the playbook '{playbook}'" in answer.get_json()["detail"]
    assert client.post(path, json={"kind": "diagnose"}, headers=fleet.headers()).status_code == 202
    (listed,) = client.get(path, headers=fleet.headers()).get_json()["items"]
    assert listed["kind"] == "diagnose"


@pytest.mark.parametrize("role", [Role.VIEWER, Role.AUDITOR])
def test_who_may_only_look_asks_for_nothing(client: FlaskClient, fleet: Fleet, role: Role) -> None:
    path = f"/api/devices/{fleet.device.id}/actions"
    assert client.post(path, json={"kind": "diagnose"}, headers=fleet.headers(role)).status_code == 403
