"""The stream unit as a process is given another configuration: tried, taken over or left alone, without a gap."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest

from pi_service.paths import Paths
from pi_service.stream.client import StreamClient, ask
from tests.pi_service.stream_unit import REPOSITORY, StreamUnit, environment, write_config
from tests.pi_service.waiting import wait_for
from virtual_fleet.cameras import Camera

Document = dict[str, Any]


@pytest.fixture(scope="module")
def second_camera() -> Iterator[Camera]:
    with Camera(name="Bay 2", width=320, height=180) as camera:
        yield camera


def test_another_camera_takes_over_without_a_gap(unit: StreamUnit, document: Document, second_camera: Camera) -> None:
    changed = document | {"version": 2, "rtsp_url": second_camera.url}
    with StreamClient(unit.paths) as client:
        assert client.ask({"op": "trial", "config": changed, "timeout": 20}, 25) == {"ok": True, "tried": True}
        held = unit.picture_after(unit.newest())
        assert held.width == 640, "the old camera goes on until the commit"
        assert client.ask({"op": "commit"}) == {"ok": True}

    seen = [held]
    while seen[-1].width == 640:
        seen.append(unit.picture_after(seen[-1].sequence))

    times = [snapshot.captured_boottime for snapshot in seen]
    assert max(later - earlier for earlier, later in pairwise(times)) < 2.0
    assert (seen[-1].width, seen[-1].config_version) == (320, 2)
    assert unit.state()["config_version"] == 2


def test_a_trial_that_fails_keeps_the_old_stream_and_says_why(unit: StreamUnit, document: Document) -> None:
    pid = unit.state()["ffmpeg_pid"]
    changed = document | {"version": 2, "rtsp_url": document["rtsp_url"].replace("letmein", "wrong")}

    answer = ask(unit.paths, {"op": "trial", "config": changed, "timeout": 20}, 25)

    assert (answer["ok"], answer["reason"]) == (False, "unauthorized")
    assert unit.state()["ffmpeg_pid"] == pid
    unit.picture_after(unit.newest())


def test_a_connection_that_closes_abandons_its_trial(
    unit: StreamUnit, document: Document, second_camera: Camera
) -> None:
    changed = document | {"version": 2, "rtsp_url": second_camera.url}
    assert ask(unit.paths, {"op": "trial", "config": changed, "timeout": 20}, 25)["ok"]

    with StreamClient(unit.paths) as client:
        assert client.ask({"op": "commit"})["reason"] == "nothing to commit"
    assert unit.picture_after(unit.newest()).width == 640


def test_config_apply_ends_in_the_running_stream(unit: StreamUnit, document: Document) -> None:
    changed = document | {"version": 2, "max_width": 160}
    result = subprocess.run(
        [sys.executable, "-m", "pi_service", "config", "apply", "-", "--json"],
        cwd=REPOSITORY,
        env=environment(unit.paths),
        input=json.dumps(changed),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (result.returncode, json.loads(result.stdout)["tried"]) == (0, True), result.stderr
    assert unit.picture_after(unit.newest()).width == 160


def test_a_camera_that_admits_one_session_takes_a_change_of_quality(paths: Paths, document: Document) -> None:
    with Camera(name="Bay 5", max_sessions=1) as camera:
        document = document | {"rtsp_url": camera.url}
        write_config(paths, document)
        with StreamUnit(paths) as unit:
            before = unit.picture_after(0)
            with StreamClient(paths) as client:
                request = {"op": "trial", "config": document | {"version": 2, "max_width": 160}, "timeout": 25}
                assert client.ask(request, 30) == {"ok": True, "tried": True}
                assert client.ask({"op": "commit"}) == {"ok": True}
            after = unit.picture_after(unit.newest())

    assert (before.width, after.width) == (640, 160)
    assert "no second session at the camera" in unit.log()


def test_a_file_that_changes_during_a_trial_of_the_one_before_is_noticed(
    unit: StreamUnit, document: Document, second_camera: Camera
) -> None:
    slow = document | {"version": 2, "rtsp_url": document["rtsp_url"].replace("127.0.0.1", "192.0.2.1")}
    write_config(unit.paths, slow)
    wait_for("the trial of the file", lambda: "trying version 2" in unit.log())

    changed = document | {"version": 3, "rtsp_url": second_camera.url}
    with StreamClient(unit.paths) as client:
        assert client.ask({"op": "trial", "config": changed, "timeout": 20}, 25)["ok"]
        assert client.ask({"op": "commit"})["ok"]
    write_config(unit.paths, document | {"version": 4})

    wait_for("the newest file", lambda: unit.state()["config_version"] == 4)


def test_a_changed_file_is_tried_and_taken_over_by_itself(unit: StreamUnit, document: Document) -> None:
    write_config(unit.paths, document | {"version": 2, "max_width": 160})

    wait_for("the new configuration", lambda: unit.state()["config_version"] == 2)

    assert unit.picture_after(unit.newest()).width == 160
    assert json.loads(unit.paths.last_good_config.read_text())["version"] == 2


def test_a_damaged_file_is_complained_of_and_changes_nothing(unit: StreamUnit) -> None:
    unit.paths.config.write_text("{ damaged")

    state = wait_for("the complaint", lambda: (state := unit.state())["detail"] and state)

    assert "is not JSON" in state["detail"]
    assert (state["status"], state["config_version"]) == ("streaming", 1)


def test_with_a_damaged_file_the_spare_copy_is_used_at_the_start(paths: Paths, document: Document) -> None:
    paths.config.write_text("{ damaged")
    paths.last_good_config.write_text(json.dumps(document | {"version": 8}))
    with StreamUnit(paths) as unit:
        unit.picture_after(0)
        state = unit.state()

    assert state["config_version"] == 8
    assert "going by" in state["detail"]


def test_without_any_configuration_the_unit_waits_for_one(paths: Paths, document: Document) -> None:
    with StreamUnit(paths) as unit:
        assert unit.state()["status"] == "disconnected"
        wait_for("the sentence", lambda: any("no usable configuration" in line for line in unit.notifications()))
        wait_for("a sign of life", lambda: "WATCHDOG=1" in unit.notifications())

        write_config(paths, document)

        assert unit.picture_after(0).config_version == 1
