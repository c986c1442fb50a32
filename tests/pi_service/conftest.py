from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pi_service.paths import Paths
from tests.pi_service.stream_bench import Bench
from tests.pi_service.stream_unit import StreamUnit, write_config
from virtual_fleet.cameras import Camera


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    """The places of one Pi, all of them in the test's own directory."""
    paths = Paths(config=tmp_path / "etc" / "config.json", run_dir=tmp_path / "run", state_dir=tmp_path / "state")
    for directory in (paths.config.parent, paths.run_dir, paths.state_dir):
        directory.mkdir()
    return paths


@pytest.fixture
def config_document() -> dict[str, Any]:
    """The shortest valid configuration, with an address where no camera is."""
    return {"version": 1, "device_id": "wash-0001", "rtsp_url": "rtsp://camera:letmein@127.0.0.1:1/stream1"}


@pytest.fixture(scope="session")
def running_camera() -> Iterator[Camera]:
    """A camera with a keyframe a second, for all tests."""
    with Camera(name="Bay 1") as camera:
        yield camera


@pytest.fixture
def camera(running_camera: Camera) -> Iterator[Camera]:
    """A running camera, in good order again after each test."""
    yield running_camera
    running_camera.set_mode("normal")


@pytest.fixture(scope="session")
def jpeg() -> bytes:
    """A JPEG of 64 x 48 pixels, made by ffmpeg."""
    command = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc=size=64x48", "-frames:v", "1", "-f", "mjpeg", "-"]
    return subprocess.run(command, capture_output=True, check=True, timeout=30).stdout


@pytest.fixture
def bench(paths: Paths) -> Iterator[Bench]:
    bench = Bench(paths)
    yield bench
    bench.manager.close()
    bench.selector.close()


@pytest.fixture
def streaming(bench: Bench, config_document: dict[str, Any]) -> Bench:
    """The live stream has just delivered its first picture."""
    bench.adopt(config_document)
    bench.deliver(b"first")
    return bench


@pytest.fixture
def document(config_document: dict[str, Any], camera: Camera) -> dict[str, Any]:
    """A configuration for the running camera, with a picture a second."""
    return config_document | {"rtsp_url": camera.url, "snapshot_interval_seconds": 1, "stale_after_seconds": 5}


@pytest.fixture
def unit(paths: Paths, document: dict[str, Any]) -> Iterator[StreamUnit]:
    """The stream unit, running and with its first pictures."""
    write_config(paths, document)
    with StreamUnit(paths) as unit:
        unit.picture_after(0)
        yield unit
