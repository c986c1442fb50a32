"""Configurations from the control plane: fetched, applied by the one way there is, and the result told."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pi_service.agent import Agent
from pi_service.atomic_files import read_json, write_json
from pi_service.paths import Paths
from tests.pi_service.agent_fixtures import (
    ControlPlane,
    agent,
    checked_in,
    clocks,
    control_plane,
    document,
    journal,
    token_file,
)
from tests.pi_service.api_fixtures import TurnedClocks

__all__ = ["agent", "clocks", "control_plane", "document", "journal", "token_file"]


def offer(plane: ControlPlane, document: dict[str, Any], etag: str = '"2"', **answer: Any) -> None:
    plane.config, plane.etag = json.dumps(document).encode(), etag
    plane.answer = {"desired_version": document["version"], "config_url": "/config", **answer}


def test_a_newer_version_is_fetched_applied_and_reported_at_once(
    paths: Paths, agent: Agent, control_plane: ControlPlane, document: dict[str, Any]
) -> None:
    offer(control_plane, document | {"version": 2, "jpeg_quality": 70})
    assert checked_in(agent) == 1
    in_force = read_json(paths.config)
    assert in_force is not None
    assert in_force["jpeg_quality"] == 70
    assert checked_in(agent) == 10
    assert control_plane.checkins[-1]["config_version"] == 2
    assert control_plane.checkins[-1]["status"]["last_apply"]["result"] == "applied"
    assert len(control_plane.fetches) == 1


def test_an_address_below_the_control_url_may_be_relative(
    agent: Agent, control_plane: ControlPlane, document: dict[str, Any]
) -> None:
    offer(control_plane, document | {"version": 2}, config_url="config")
    checked_in(agent)
    assert control_plane.fetches == [""]


def test_a_refused_version_is_tried_once_until_it_changes(
    agent: Agent, control_plane: ControlPlane, document: dict[str, Any], clocks: TurnedClocks
) -> None:
    offer(control_plane, document | {"version": 2, "jpeg_quality": 700})
    checked_in(agent)
    for _ in range(5):
        checked_in(agent)
    assert control_plane.fetches == [""]
    last = control_plane.checkins[-1]["status"]
    assert "$.jpeg_quality" in last["pull"]["reason"]
    assert last["last_apply"]["result"] == "refused"
    clocks.pass_time(3600)
    checked_in(agent)
    assert control_plane.fetches == ["", '"2"']
    assert applies(agent) == 1
    offer(control_plane, document | {"version": 2, "jpeg_quality": 70}, etag='"3"')
    clocks.pass_time(3600)
    checked_in(agent)
    checked_in(agent)
    assert control_plane.checkins[-1]["config_version"] == 2
    assert control_plane.checkins[-1]["status"]["pull"] is None


def test_an_older_version_is_not_taken(
    paths: Paths, agent: Agent, control_plane: ControlPlane, document: dict[str, Any]
) -> None:
    write_json(paths.config, document | {"version": 5})
    offer(control_plane, document | {"version": 4})
    checked_in(agent)
    checked_in(agent)
    assert control_plane.fetches == []
    assert control_plane.checkins[-1]["config_version"] == 5
    assert "not going back by itself" in control_plane.checkins[-1]["status"]["pull"]["reason"]


def test_the_previous_version_is_taken_when_a_rollback_is_wished(
    agent: Agent, control_plane: ControlPlane, document: dict[str, Any]
) -> None:
    offer(control_plane, document | {"version": 2, "jpeg_quality": 70})
    checked_in(agent)
    control_plane.answer = {"desired_version": 1, "rollback": True}
    checked_in(agent)
    checked_in(agent)
    assert control_plane.checkins[-1]["config_version"] == 1


def test_another_device_s_configuration_is_not_applied(
    agent: Agent, control_plane: ControlPlane, document: dict[str, Any]
) -> None:
    offer(control_plane, document | {"version": 2, "device_id": "wash-0002"})
    checked_in(agent)
    checked_in(agent)
    assert "'wash-0002'" in control_plane.checkins[-1]["status"]["pull"]["reason"]
    assert applies(agent) == 0


def test_a_version_that_is_promised_but_not_served_does_not_loop(
    agent: Agent, control_plane: ControlPlane, document: dict[str, Any]
) -> None:
    offer(control_plane, document | {"version": 2}, desired_version=9)
    for _ in range(5):
        checked_in(agent)
    assert len(control_plane.fetches) == 1
    assert "serves 2" in control_plane.checkins[-1]["status"]["pull"]["reason"]


@pytest.mark.parametrize("status", [404, 500, 302, 401])
def test_a_failed_fetch_is_reported_and_tried_later(
    agent: Agent, control_plane: ControlPlane, document: dict[str, Any], clocks: TurnedClocks, status: int
) -> None:
    offer(control_plane, document | {"version": 2})
    control_plane.replies["/config"] = lambda _request: (status, {}, b"")
    for _ in range(3):
        checked_in(agent)
    assert len(control_plane.checkins) == 3
    assert control_plane.checkins[-1]["status"]["pull"]["reason"]
    del control_plane.replies["/config"]
    clocks.pass_time(3600)
    checked_in(agent)
    checked_in(agent)
    assert control_plane.checkins[-1]["config_version"] == 2


def applies(agent: Agent) -> int:
    record = read_json(agent.paths.state_dir / "config-apply.json") or {"counts": {}}
    return sum(record["counts"].values())
