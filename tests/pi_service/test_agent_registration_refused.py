"""A control plane that does not register a Pi, or answers nonsense: told, tried again, and nothing given away."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pi_service.agent import Agent
from pi_service.sync.control_client import MAX_ANSWER_BYTES, REFUSALS
from tests.pi_service.agent_fixtures import (
    REGISTER,
    ControlPlane,
    Reply,
    agent,
    checked_in,
    clocks,
    control_plane,
    document,
    journal,
    problem,
    token_file,
)
from tests.pi_service.registration_fixtures import ENROLMENT, enrolment, fault, pending, ssh_directory

__all__ = [
    "agent",
    "clocks",
    "control_plane",
    "document",
    "enrolment",
    "journal",
    "pending",
    "ssh_directory",
    "token_file",
]


def refuse(plane: ControlPlane, reply: Reply) -> None:
    plane.replies[REGISTER] = lambda _request: reply


class TestARefusal:
    @pytest.mark.parametrize("status", sorted(REFUSALS))
    def test_is_told_in_the_control_plane_s_words_and_tried_again_a_minute_later_at_the_earliest(
        self,
        agent: Agent,
        control_plane: ControlPlane,
        enrolment: Path,
        pending: Path,
        caplog: pytest.LogCaptureFixture,
        status: int,
    ) -> None:
        refuse(control_plane, problem(status, "the enrolment token has expired"))
        assert checked_in(agent) >= 60
        assert fault(agent) == (
            f"the control plane does not register this Pi ({status}): the enrolment token has expired"
        )
        assert "the enrolment token has expired" in caplog.text
        assert enrolment.read_text() == f"{ENROLMENT}\n"
        assert pending.exists()
        assert control_plane.checkins == []

    def test_is_over_once_there_is_another_enrolment_token(
        self, agent: Agent, control_plane: ControlPlane, enrolment: Path, token_file: Path
    ) -> None:
        enrolment.write_text("of-another-year")
        checked_in(agent)
        assert "this enrolment token is unknown" in fault(agent)
        enrolment.write_text(ENROLMENT)
        assert checked_in(agent) == 10
        assert token_file.exists()

    @pytest.mark.parametrize(
        ("body", "said"),
        [
            (b"", "it gives no reason"),
            (b"<html>not here</html>", "it gives no reason"),
            (b"[" * 100_000, "it gives no reason"),
            (b"[]", "it gives no reason"),
            (b'{"detail": 7}', "it gives no reason"),
            (b'{"detail": " "}', "it gives no reason"),
            (b'{"detail": "one\\ntwo\\u001b[2J\\ud800"}', "one two [2J "),
            (b'{"detail": "see http://u:secret@host/"}', "see http://u:***@host/"),
            (b'{"detail": "' + b"x" * 5000 + b'"}', "x" * 300),
        ],
    )
    def test_is_shown_as_one_short_line(
        self, agent: Agent, control_plane: ControlPlane, enrolment: Path, body: bytes, said: str
    ) -> None:
        refuse(control_plane, (410, {}, body))
        checked_in(agent)
        assert fault(agent) == f"the control plane does not register this Pi (410): {said}"

    @pytest.mark.parametrize("content", ["", "two words", "ключ", "\x07", "two\nlines"])
    def test_a_file_that_holds_no_token_is_named_and_not_sent(
        self, agent: Agent, control_plane: ControlPlane, enrolment: Path, content: str
    ) -> None:
        enrolment.write_text(content)
        assert checked_in(agent) >= 60
        assert f"{enrolment} holds no enrolment token" in fault(agent)
        assert control_plane.tokens == []


class TestAUselessAnswer:
    @pytest.mark.parametrize(
        ("status", "headers", "body", "said"),
        [
            (201, {}, b'{"device_id": "wash-0002", "id": 18}', "registered 'wash-0002', this is 'wash-0001'"),
            (200, {}, b'{"id": 17}', "this is 'wash-0001'"),
            (201, {}, b'{"device_id": ["wash-0001"]}', "this is 'wash-0001'"),
            (201, {}, b"<html>", "answered a registration with what is not JSON"),
            (204, {}, b"", "answered a registration with what is not JSON"),
            (201, {}, b"[]", "JSON that is no object"),
            (304, {}, b"", "answered a registration with what is not JSON"),
            (307, {"Location": "/elsewhere"}, b"", "redirects POST /api/devices/register"),
            (429, {}, b"", "POST /api/devices/register with 429"),
            (500, {}, b"{}", "POST /api/devices/register with 500"),
            (201, {}, b" " * (MAX_ANSWER_BYTES + 1), f"more than {MAX_ANSWER_BYTES} bytes"),
            (201, {"Content-Length": "999"}, b"{}", "cut short"),
        ],
    )
    def test_is_not_taken_and_everything_stays(
        self,
        agent: Agent,
        control_plane: ControlPlane,
        enrolment: Path,
        token_file: Path,
        status: int,
        headers: dict[str, str],
        body: bytes,
        said: str,
    ) -> None:
        refuse(control_plane, (status, headers, body))
        checked_in(agent)
        assert said in fault(agent)
        assert len(control_plane.tokens) == 1, "not followed, not checked in"
        assert enrolment.exists()
        assert not token_file.exists()
        control_plane.replies.clear()
        assert checked_in(agent) == 10


def test_no_token_is_told_to_anybody_who_may_read_logs_or_the_state_of_the_agent(
    agent: Agent, control_plane: ControlPlane, enrolment: Path, pending: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    shown = []
    for reply in (
        problem(409, f"{ENROLMENT} was used already"),
        (201, {}, json.dumps({"device_id": ENROLMENT}).encode()),
        (500, {}, ENROLMENT.encode()),
    ):
        refuse(control_plane, reply)
        checked_in(agent)
        shown.append(json.dumps(agent.document()))
    token = pending.read_text().strip()
    control_plane.replies.clear()
    checked_in(agent)
    shown += [json.dumps(agent.document()), caplog.text, json.dumps(control_plane.checkins)]
    assert "*** was used already" in shown[0]
    assert not [text for text in shown if ENROLMENT in text or token in text]
