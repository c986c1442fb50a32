"""The servers that are compared: ours, a bare Flask + waitress app, and nginx. Each listens on a free loopback port."""

from __future__ import annotations

import hashlib
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pi_service.clock import boottime_seconds, wall_now
from pi_service.paths import Paths
from pi_service.snapshot_cache import SnapshotWriter

START_SECONDS = 15.0

BARE_APP = """
import sys
from pathlib import Path
from flask import Flask, Response
from waitress import serve
app, picture = Flask(__name__), Path(sys.argv[1]).read_bytes()
@app.get("/api/snapshot")
def snapshot():
    return Response(picture, mimetype="image/jpeg")
serve(app, listen=sys.argv[2], threads=int(sys.argv[3]))
"""

NGINX = """
daemon off; pid {directory}/nginx.pid; error_log {directory}/nginx.log; worker_processes 1;
events {{ worker_connections 256; }}
http {{
  access_log off;
  server {{ listen 127.0.0.1:{port}; location = /api/snapshot {{ alias {picture}; default_type image/jpeg; }} }}
}}
"""


def free_port() -> int:
    """A loopback port nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    return port


@contextmanager
def running(command: list[str], port: int, **environment: str) -> Iterator[int]:
    """A server process for as long as the context lasts; gives its port once it answers."""
    process = subprocess.Popen(command, env=os.environ | environment, stderr=subprocess.DEVNULL)
    try:
        wait_until_listening(port, process)
        yield port
    finally:
        process.terminate()
        process.wait(timeout=10)


def wait_until_listening(port: int, process: subprocess.Popen[bytes]) -> None:
    """Returns when `port` takes connections. Raises RuntimeError where the process ends or takes too long."""
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except ConnectionRefusedError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"{process.args!r} does not listen on port {port}")


@contextmanager
def snapshot_api(directory: Path, picture: bytes, key: str) -> Iterator[int]:
    """Our API as its unit starts it, with one picture that stays fresh for an hour."""
    paths = Paths(config=directory / "config.json", run_dir=directory / "run", state_dir=directory / "state")
    for folder in (paths.run_dir, paths.state_dir):
        folder.mkdir()
    document = {
        "version": 1,
        "device_id": "bench",
        "rtsp_url": "rtsp://127.0.0.1/none",
        "stale_after_seconds": 3600,
        "api_keys": [{"name": "bench", "sha256": hashlib.sha256(key.encode()).hexdigest()}],
    }
    paths.config.write_text(json.dumps(document))
    publish(paths, picture)
    port = free_port()
    command = [sys.executable, "-m", "pi_service", "api"]
    environment = {
        "CARWASH_CONFIG": str(paths.config),
        "CARWASH_RUN_DIR": str(paths.run_dir),
        "CARWASH_STATE_DIR": str(paths.state_dir),
        "CARWASH_LISTEN": f"127.0.0.1:{port}",
    }
    with running(command, port, **environment):
        yield port


@contextmanager
def bare_app(picture: Path, *, threads: int) -> Iterator[int]:
    """The floor: Flask and waitress, no key, no headers, no metrics."""
    port = free_port()
    with running([sys.executable, "-c", BARE_APP, str(picture), f"127.0.0.1:{port}", str(threads)], port):
        yield port


@contextmanager
def nginx(directory: Path, picture: Path) -> Iterator[int]:
    """The same bytes as a static file from one nginx worker."""
    port = free_port()
    configuration = directory / "nginx.conf"
    configuration.write_text(NGINX.format(directory=directory, port=port, picture=picture))
    with running(["nginx", "-p", str(directory), "-c", str(configuration)], port):
        yield port


def publish(paths: Paths, picture: bytes) -> None:
    """Put one picture where the stream unit would."""
    SnapshotWriter(paths).publish(
        picture,
        width=1920,
        height=1080,
        captured_at=wall_now(),
        captured_boottime=boottime_seconds(),
        config_version=1,
        interval_seconds=1200,
    )
