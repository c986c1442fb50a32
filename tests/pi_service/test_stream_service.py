"""The stream unit as a process, with real cameras and the real ffmpeg."""

from __future__ import annotations

import json
import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pi_service.clock import boottime_seconds
from pi_service.paths import Paths
from pi_service.stream.client import StreamClient
from tests.pi_service.stream_unit import StreamUnit, write_config
from tests.pi_service.waiting import wait_for
from virtual_fleet import timecode
from virtual_fleet.cameras import Camera

Document = dict[str, Any]


@pytest.fixture(scope="module")
def idle_unit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StreamUnit]:
    """The stream unit without a configuration."""
    directory = tmp_path_factory.mktemp("idle")
    paths = Paths(config=directory / "config.json", run_dir=directory, state_dir=directory)
    with StreamUnit(paths) as unit:
        yield unit


def ffmpeg_is_gone(pid: int) -> bool:
    """A zombie counts as gone: its parent was killed and nobody else has buried it yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def test_the_age_of_a_picture_is_honest_to_the_second(unit: StreamUnit) -> None:
    sequence = unit.newest()
    for _ in range(3):
        snapshot = unit.picture_after(sequence)
        sequence = snapshot.sequence
        claimed, true = snapshot.recorded_at.timestamp(), timecode.read(snapshot.image)
        assert 0 <= claimed - true < 1.0
        assert snapshot.age_seconds(boottime_seconds()) < 1.0


def test_full_decoding_is_as_honest(paths: Paths, document: Document) -> None:
    write_config(paths, document | {"decode": "full"})
    with StreamUnit(paths) as unit:
        snapshot = unit.picture_after(2)

    assert 0 <= snapshot.recorded_at.timestamp() - timecode.read(snapshot.image) < 1.0


def test_over_udp_pictures_come_as_well(paths: Paths, document: Document) -> None:
    write_config(paths, document | {"rtsp_transport": "udp"})
    with StreamUnit(paths) as unit:
        assert unit.picture_after(1).width == 640


def test_wide_pictures_are_scaled_down_and_keep_their_shape(paths: Paths, document: Document) -> None:
    write_config(paths, document | {"max_width": 321})
    with StreamUnit(paths) as unit:
        snapshot = unit.picture_after(0)

    assert (snapshot.width, snapshot.height) == (320, 180)


def test_a_gop_longer_than_the_interval_leads_to_full_decoding(paths: Paths, document: Document) -> None:
    with Camera(name="Bay 3", gop_seconds=2.8) as camera:
        write_config(paths, document | {"rtsp_url": camera.url})
        with StreamUnit(paths) as unit:
            wait_for("full decoding", lambda: unit.state()["decode"] == "full", seconds=25)
            before = unit.newest()
            unit.picture_after(before + 2, seconds=5)


def test_a_killed_ffmpeg_is_replaced_and_the_reason_kept(unit: StreamUnit) -> None:
    sequence = unit.newest()
    os.kill(unit.state()["ffmpeg_pid"], signal.SIGKILL)

    unit.picture_after(sequence + 1)

    state = unit.state()
    assert state["last_error"]["reason"] == "ffmpeg died"
    assert (state["restarts"], state["reconnects"], state["status"]) == (1, 1, "streaming")


def test_a_stopped_ffmpeg_is_replaced(unit: StreamUnit) -> None:
    pid = unit.state()["ffmpeg_pid"]
    os.kill(pid, signal.SIGSTOP)

    wait_for("the end of the stopped ffmpeg", lambda: ffmpeg_is_gone(pid))
    unit.picture_after(unit.newest())


def test_a_killed_supervisor_leaves_no_ffmpeg(unit: StreamUnit) -> None:
    pid = unit.state()["ffmpeg_pid"]
    unit.kill()

    wait_for("the end of ffmpeg", lambda: ffmpeg_is_gone(pid), seconds=3)


def test_a_supervisor_that_was_stopped_for_a_while_publishes_nothing_old(unit: StreamUnit) -> None:
    before = unit.picture_after(unit.newest())
    os.kill(unit.pid, signal.SIGSTOP)
    try:
        wait_for("some seconds", lambda: before.age_seconds(boottime_seconds()) > 5)
    finally:
        os.kill(unit.pid, signal.SIGCONT)

    after = unit.picture_after(before.sequence)

    assert 0 <= after.recorded_at.timestamp() - timecode.read(after.image) < 1.0
    assert "the supervisor was stopped" in unit.log()


def test_an_orderly_end_is_quick_and_leaves_neither_ffmpeg_nor_socket(unit: StreamUnit) -> None:
    pid = unit.state()["ffmpeg_pid"]
    unit.notifications()

    assert unit.stop() == 0

    assert ffmpeg_is_gone(pid)
    assert not unit.paths.stream_socket.exists()
    assert unit.notifications()[-1].startswith("STOPPING=1")


def test_systemd_is_told_of_readiness_of_life_and_how_things_are(unit: StreamUnit) -> None:
    messages = unit.notifications()

    assert sum(message.startswith("READY=1") for message in messages) == 1
    assert "WATCHDOG=1" in messages
    assert "WATCHDOG_USEC=30000000" in messages
    assert any(re.match(r"STATUS=Streaming every 1 s", message) for message in messages)


def test_numbers_go_on_after_a_restart_of_the_unit(unit: StreamUnit) -> None:
    before = unit.newest()
    unit.stop()

    unit.start()

    assert unit.picture_after(before).sequence == before + 1


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("letmein", "wrong", "unauthorized"),
        ("stream1", "stream9", "not found"),
        ("127.0.0.1:", "127.0.0.2:", "refused"),
    ],
)
def test_why_a_camera_gives_nothing_is_named_without_its_password(
    paths: Paths, document: Document, old: str, new: str, reason: str
) -> None:
    write_config(paths, document | {"rtsp_url": document["rtsp_url"].replace(old, new)})
    with StreamUnit(paths) as unit:
        state = wait_for("an error", lambda: (state := unit.state())["last_error"] and state)
        assert state["last_error"]["reason"] == reason
        assert state["status"] in ("disconnected", "connecting")
        shown = unit.log() + json.dumps(state) + "".join(unit.notifications())

    assert document["rtsp_url"].split("@")[0].split(":")[2] not in shown
    assert "wrong" not in shown


def test_a_camera_that_goes_silent_is_reported_and_comes_back(unit: StreamUnit, camera: Camera) -> None:
    camera.set_mode("silent")
    wait_for("silence", lambda: unit.state()["status"] == "silent")
    sequence = unit.newest()

    camera.set_mode("normal")

    unit.picture_after(sequence, seconds=20)


def test_a_camera_that_is_silent_from_the_start_is_silent_and_not_away(paths: Paths, document: Document) -> None:
    with Camera(name="Bay 4") as camera:
        camera.set_mode("silent")
        write_config(paths, document | {"rtsp_url": camera.url})
        with StreamUnit(paths) as unit:
            wait_for("silence", lambda: unit.state()["status"] == "silent")


def test_a_frozen_camera_is_reported_and_its_picture_grows_old(unit: StreamUnit, camera: Camera) -> None:
    camera.set_mode("frozen")
    wait_for("frost", lambda: unit.state()["status"] == "frozen")
    frozen = unit.reader.current()
    assert frozen is not None
    assert frozen.age_seconds(boottime_seconds()) > 2

    camera.set_mode("normal")

    unit.picture_after(frozen.sequence)
    assert unit.state()["status"] == "streaming"


def test_a_camera_that_is_off_and_comes_back_is_found_again(unit: StreamUnit, camera: Camera) -> None:
    camera.set_mode("refuse")
    wait_for("the loss", lambda: unit.state()["status"] == "disconnected")
    unit.notifications()
    wait_for("a sign of life while waiting", lambda: "WATCHDOG=1" in unit.notifications())
    sequence = unit.newest()

    camera.set_mode("normal")

    unit.picture_after(sequence, seconds=20)


@pytest.mark.parametrize(
    ("request_line", "reason"),
    [
        (b"not json", "one JSON object"),
        (b'["list"]', "one JSON object"),
        (b'{"op": "dance"}', "unknown op 'dance'"),
        (b'{"op": "throttle", "interval_seconds": 0.1}', "must be 1 to 3600"),
        (b'{"op": "throttle", "interval_seconds": "fast"}', "must be a number"),
        (b'{"op": "trial", "config": {}, "timeout": 5}', "invalid configuration"),
        (b'{"op": "trial", "config": 5}', "must be an object"),
        (b'{"op": "trial", "config": {}, "timeout": 1e9}', "timeout must be"),
        (b'{"op": "commit"}', "nothing to commit"),
    ],
)
def test_a_bad_request_is_refused_with_a_reason(idle_unit: StreamUnit, request_line: bytes, reason: str) -> None:
    with StreamClient(idle_unit.paths) as client:
        client._socket.sendall(request_line + b"\n")
        answer = json.loads(client._lines.readline())

    assert answer["ok"] is False
    assert reason in answer["reason"]
    assert idle_unit.is_answering()
