"""The snapshot API beside a bare Flask + waitress app and beside nginx, all serving the same 150 kB."""

from __future__ import annotations

import http.client
import re
import secrets
import statistics
import subprocess
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from bench import servers
from bench.picture import jpeg_of_about
from bench.table import markdown

PICTURE_BYTES = 150_000
STEADY_RATE_HZ = 50
STEADY_SECONDS = 20
LOAD_SECONDS = 6
LOAD_CONNECTIONS = 8
ROUNDS = 3
BARE = "bare Flask + waitress"
KEY = secrets.token_urlsafe(24)


def run() -> str:
    """Latency at 50 requests/s and throughput at full load of the three, in turn, as a table."""
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(dir="/dev/shm")))  # tmpfs, as on a Pi
        directory.chmod(0o755)  # nginx's worker is another user
        image = jpeg_of_about(PICTURE_BYTES)
        picture = directory / "picture.jpg"
        picture.write_bytes(image)
        ports = {
            "snapshot API": stack.enter_context(servers.snapshot_api(directory, image, KEY)),
            BARE: stack.enter_context(servers.bare_app(picture, threads=8)),
            "nginx, static file": stack.enter_context(servers.nginx(directory, picture)),
        }
        latencies = {name: steady_latencies_ms(port) for name, port in ports.items()}
        rounds = [{name: throughput(port) for name, port in ports.items()} for _ in range(ROUNDS)]
    rows = []
    for name in ports:
        p50, p99 = (statistics.quantiles(latencies[name], n=100)[index] for index in (49, 98))
        rate = statistics.median(turn[name] for turn in rounds)
        ratio = statistics.median(turn[name] / turn[BARE] for turn in rounds)
        rows.append((name, f"{p50:.2f}", f"{p99:.2f}", f"{rate:.0f}", f"{ratio:.2f}"))
    return markdown(
        "Snapshot API: latency and throughput",
        ["server", f"p50 ms at {STEADY_RATE_HZ}/s", "p99 ms", "requests/s at full load", "ratio to bare"],
        rows,
        f"A {len(image):,}-byte picture over loopback, a connection per request at {STEADY_RATE_HZ}/s; load generator "
        f"and server share two cores; medians of {ROUNDS} rounds. Limits: p99 under 10 ms, ratio at least 0.8.",
    )


def steady_latencies_ms(port: int) -> list[float]:
    """The time of each request, from connecting to the last byte, at a steady rate. Raises where one is not a 200."""
    latencies = []
    next_at = time.monotonic()
    for _ in range(STEADY_RATE_HZ * STEADY_SECONDS):
        time.sleep(max(0.0, next_at - time.monotonic()))
        next_at += 1 / STEADY_RATE_HZ
        started = time.perf_counter()
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        connection.request("GET", "/api/snapshot", headers={"X-API-Key": KEY})
        response = connection.getresponse()
        response.read()
        connection.close()
        latencies.append((time.perf_counter() - started) * 1000)
        if response.status != 200:
            raise RuntimeError(f"port {port} answered {response.status}")
    return latencies


def throughput(port: int) -> float:
    """Requests/s that the server answers with 200 under as much load as it takes."""
    command = ["wrk", "--threads", "1", "--connections", str(LOAD_CONNECTIONS), "--duration", f"{LOAD_SECONDS}s"]
    output = subprocess.run(
        [*command, "--header", f"X-API-Key: {KEY}", f"http://127.0.0.1:{port}/api/snapshot"],
        capture_output=True,
        text=True,
        check=True,
        timeout=LOAD_SECONDS + 30,
    ).stdout
    rate = re.search(r"Requests/sec:\s+([\d.]+)", output)
    if rate is None or "Non-2xx" in output:
        raise RuntimeError(f"the load on port {port} was not answered with 200s:\n{output}")
    return float(rate[1])
