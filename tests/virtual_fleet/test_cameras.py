"""A camera alone, watched by a real ffmpeg."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from virtual_fleet import timecode
from virtual_fleet.cameras import Camera, CameraError

PASSWORD = "p@ss:w/rd%1"
WATCH = ["ffmpeg", "-v", "error", "-nostdin", "-rtsp_transport", "tcp", "-probesize", "5000", "-skip_frame", "nokey"]
AS_JPEG = ["-vsync", "0", "-q:v", "3", "-f", "image2pipe", "-c:v", "mjpeg", "-"]


@pytest.fixture
def camera() -> Iterator[Camera]:
    with Camera(name="Bay 7", password=PASSWORD, gop_seconds=0.4) as camera:
        yield camera


def watch(url: str, *, pictures: int = 1, timeout: float = 15) -> list[bytes]:
    """The first keyframes of a stream, as JPEG."""
    command = [*WATCH, "-i", url, "-frames:v", str(pictures), *AS_JPEG]
    result = subprocess.run(command, capture_output=True, timeout=timeout, check=False)
    assert result.returncode == 0, result.stderr.decode()
    return [b"\xff\xd8" + part for part in result.stdout.split(b"\xff\xd8")[1:]]


def why_not(url: str) -> str:
    """What ffmpeg says of a stream it cannot watch."""
    command = [*WATCH, "-i", url, "-frames:v", "1", *AS_JPEG]
    result = subprocess.run(command, capture_output=True, timeout=15, check=False)
    assert result.returncode != 0
    return result.stderr.decode()


def test_a_picture_says_when_it_was_taken(camera: Camera) -> None:
    before = time.time()
    (jpeg,) = watch(camera.url)
    assert before - 0.5 < timecode.read(jpeg) < time.time()


def test_the_clock_in_the_picture_runs(camera: Camera) -> None:
    times = [timecode.read(jpeg) for jpeg in watch(camera.url, pictures=3)]
    assert times[0] < times[1] < times[2]


def test_two_may_watch_at_once(camera: Camera) -> None:
    command = [*WATCH, "-i", camera.url, "-frames:v", "3", *AS_JPEG]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as other:
        assert watch(camera.url)
        assert other.communicate(timeout=15)[0].startswith(b"\xff\xd8")


def test_who_comes_back_at_once_gets_a_picture_every_time(camera: Camera) -> None:
    for _ in range(15):
        assert watch(camera.url, timeout=8)


def test_a_wrong_password_is_unauthorized(camera: Camera) -> None:
    assert "401 Unauthorized" in why_not(camera.url.replace(":p%40ss", ":wrong"))


def test_a_wrong_path_is_not_found(camera: Camera) -> None:
    assert "404 Not Found" in why_not(camera.url.replace("/stream1", "/stream2"))


def test_a_frozen_camera_sends_pictures_that_are_equal_to_the_byte(camera: Camera) -> None:
    camera.set_mode("frozen")
    first, second, third = watch(camera.url, pictures=3)
    assert first == second == third


def test_a_thawed_camera_runs_on(camera: Camera) -> None:
    camera.set_mode("frozen")
    (frozen,) = watch(camera.url)
    camera.set_mode("normal")
    (thawed,) = watch(camera.url)
    assert timecode.read(thawed) > timecode.read(frozen)


def test_a_refusing_camera_has_its_port_closed_and_opens_the_same_one_again(camera: Camera) -> None:
    url = camera.url
    camera.set_mode("refuse")
    assert "Connection refused" in why_not(url)
    camera.set_mode("normal")
    assert watch(url)


def test_a_silent_camera_answers_and_sends_no_picture(camera: Camera) -> None:
    camera.set_mode("silent")
    command = [*WATCH, "-i", camera.url, "-frames:v", "1", *AS_JPEG]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as watcher:
        with pytest.raises(subprocess.TimeoutExpired):
            watcher.communicate(timeout=4)
        watcher.kill()
        assert watcher.communicate(timeout=5)[0] == b""


def test_a_camera_that_falls_silent_stops_a_running_stream_and_goes_on_when_healed(
    camera: Camera, tmp_path: Path
) -> None:
    pictures = tmp_path / "pictures"
    command = [*WATCH, "-i", camera.url, *AS_JPEG]
    with pictures.open("wb") as output, subprocess.Popen(command, stdout=output, stderr=subprocess.PIPE) as watcher:
        try:
            grown(pictures, beyond=0)
            camera.set_mode("silent")
            size = settled(pictures)
            camera.set_mode("normal")
            grown(pictures, beyond=size)
        finally:
            watcher.kill()


def test_a_changed_password_shuts_the_old_one_out(camera: Camera) -> None:
    old = camera.url
    camera.set_password("new")
    assert "401 Unauthorized" in why_not(old)
    camera.password = "new"
    assert watch(camera.url)


def test_an_unknown_mode_is_refused_by_name(camera: Camera) -> None:
    with pytest.raises(CameraError, match="upside-down"):
        camera.set_mode("upside-down")


def test_a_taken_port_is_said_at_the_start(camera: Camera) -> None:
    with pytest.raises(CameraError, match=f"port {camera.options.port}: in use"):
        Camera(port=camera.options.port).start()


def test_a_stopped_camera_leaves_no_process() -> None:
    camera = Camera()
    camera.start()
    pid = camera.pid
    camera.stop()
    assert not Path(f"/proc/{pid}").exists()


def grown(path: Path, *, beyond: int) -> None:
    """Wait until a file is larger; bounded."""
    deadline = time.monotonic() + 15
    while path.stat().st_size <= beyond:
        assert time.monotonic() < deadline, f"{path} has {path.stat().st_size} bytes, not more than {beyond}"
        time.sleep(0.05)


def settled(path: Path) -> int:
    """The size of a file that did not grow for five keyframes' time."""
    size, since = -1, time.monotonic()
    deadline = time.monotonic() + 15
    while time.monotonic() - since < 2:
        assert time.monotonic() < deadline, f"{path} does not stop to grow"
        if path.stat().st_size != size:
            size, since = path.stat().st_size, time.monotonic()
        time.sleep(0.05)
    return size
