"""Actions from the control plane: once at most, never late, always answered."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pi_service.agent import Agent
from pi_service.paths import Paths
from tests.pi_service.agent_fixtures import (
    ControlPlane,
    FileJournal,
    agent,
    checked_in,
    clocks,
    control_plane,
    document,
    journal,
    token_file,
)

__all__ = ["agent", "clocks", "control_plane", "document", "journal", "token_file"]


LATER = "2126-01-01T00:00:00Z"


@pytest.fixture
def performed(agent: Agent, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What would have been done to the Pi."""
    performed: list[str] = []
    monkeypatch.setattr(agent.actions, "perform", lambda action, why: performed.append(action))
    return performed


def test_an_action_is_carried_out_once_and_answered(
    agent: Agent, control_plane: ControlPlane, performed: list[str]
) -> None:
    control_plane.answer = {"actions": [{"id": "a1", "kind": "restart_stream", "expires_at": LATER}]}
    assert checked_in(agent) == 1
    assert checked_in(agent) == 10
    checked_in(agent)
    assert performed == ["restart_stream"]
    results = [result for checkin in control_plane.checkins for result in checkin["action_results"]]
    assert [(result["id"], result["result"]) for result in results] == [("a1", "ok")]


def test_a_restart_of_the_agent_neither_repeats_nor_forgets(
    paths: Paths, agent: Agent, control_plane: ControlPlane, performed: list[str], journal: FileJournal
) -> None:
    control_plane.answer = {"actions": [{"id": "a1", "kind": "restart_units", "expires_at": LATER}]}
    checked_in(agent)
    again = Agent(paths, journal=journal.reader)
    checked_in(again)
    assert performed == ["restart_stream", "restart_api", "restart_agent"]
    assert [result["result"] for result in control_plane.checkins[-1]["action_results"]] == ["ok"]


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        ({"kind": "restart_stream", "expires_at": "2020-01-01T00:00:00Z"}, "expired"),
        ({"kind": "restart_stream", "expires_at": "tomorrow"}, "tomorrow"),
        ({"kind": "restart_stream"}, "expires_at"),
        ({"kind": "format_disk", "expires_at": LATER}, "knows no action 'format_disk'"),
        ({"kind": ["reboot"], "expires_at": LATER}, "knows no action"),
        ({"expires_at": LATER}, "knows no action"),
    ],
)
def test_what_is_late_or_unknown_is_refused_once(
    agent: Agent, control_plane: ControlPlane, performed: list[str], entry: dict[str, Any], why: str
) -> None:
    control_plane.answer = {"actions": [{"id": "a1", **entry}]}
    assert [checked_in(agent) for _ in range(3)] == [1, 10, 10]
    assert performed == []
    (result,) = control_plane.checkins[1]["action_results"]
    assert result["result"] == "refused"
    assert why in result["detail"]


def test_expiry_is_judged_by_the_clock_of_the_control_plane(
    agent: Agent, control_plane: ControlPlane, performed: list[str]
) -> None:
    action = {"id": "a1", "kind": "reboot", "expires_at": "2026-01-01T00:00:00Z"}
    body = json.dumps({"actions": [action]}).encode()
    control_plane.replies["/api/agent/checkin"] = lambda _request: (
        200,
        {"Date": "Thu, 01 Jan 2026 00:00:01 GMT"},
        body,
    )
    checked_in(agent)
    assert performed == []


def test_diagnose_brings_the_state_of_the_pi_without_passwords(agent: Agent, control_plane: ControlPlane) -> None:
    control_plane.answer = {"actions": [{"id": "d", "kind": "diagnose", "expires_at": LATER}]}
    checked_in(agent)
    checked_in(agent)
    (result,) = control_plane.checkins[-1]["action_results"]
    assert result["detail"]["config"]["version"] == 1
    assert "letmein" not in json.dumps(control_plane.checkins)


@pytest.mark.parametrize("taken", [{"a1": "zzz"}, {"a1": 7}, ["a1"]])
def test_a_damaged_note_of_what_was_taken_stops_nothing(
    paths: Paths, agent: Agent, control_plane: ControlPlane, journal: FileJournal, taken: Any
) -> None:
    (paths.state_dir / "mailbox.json").write_text(json.dumps({"taken": taken, "results": []}))
    again = Agent(paths, journal=journal.reader)
    control_plane.answer = {"actions": [{"id": "a2", "kind": "diagnose", "expires_at": LATER}]}
    assert checked_in(again) == 1
    assert again.document()["control"]["reachable"] is True
