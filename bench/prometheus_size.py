"""How large Prometheus becomes: series of a Pi, bytes a sample takes on disk, and both for 500 sites.

A Pi's real /metrics over two simulated hours (a picture every 12 s, a controller that asks twice a minute, the
machine's own figures), beside node_exporter's: both in blocks by promtool, as Prometheus would have written them.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.request import urlopen

import yaml

from bench.servers import free_port, running
from bench.table import markdown
from pi_service.api_server import create_app
from pi_service.atomic_files import write_json
from pi_service.paths import Paths
from pi_service.snapshot_cache import SnapshotWriter

REPOSITORY = Path(__file__).resolve().parents[1]
SITES = 500
SCRAPE_SECONDS = 15
NODE_SCRAPE_SECONDS = 60
"""It tells seven times as much as we do, and nothing that alerts are made of."""
BLOCK = timedelta(hours=2)
PICTURE_SECONDS = 12
COPIES = 20
"""Sites in the blocks: an index that many share costs each of them less, as it does in the end."""
RETENTION_DAYS = (15, 30, 90)
ALERT_SERIES = 2000
"""ALERTS and ALERTS_FOR_STATE of a bad day, when every site has an alert or two."""
CHECKED_IN = 4
"""Series a device has at /api/prometheus/devices where it is scraped as well."""
KEY = "a till's key"
_SERIES = re.compile(r"([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)")


@dataclass
class SimulatedPi:
    """A Pi whose clocks are turned by the bench."""

    paths: Paths
    seconds: float = 1000.0
    start: datetime = field(default_factory=lambda: datetime.now(UTC))

    def __post_init__(self) -> None:
        for directory in (self.paths.config.parent, self.paths.run_dir, self.paths.state_dir):
            directory.mkdir(parents=True)
        sha256 = hashlib.sha256(KEY.encode()).hexdigest()
        keys = [{"name": "till", "sha256": sha256}]
        config = {"version": 7, "device_id": "pi-1", "rtsp_url": "rtsp://camera/1", "api_keys": keys}
        write_json(self.paths.config, config)
        self._writer = SnapshotWriter(self.paths)
        self._writer.resize(3)
        app = create_app(self.paths, wall=self.wall, boottime=lambda: self.seconds)
        self._client = app.test_client()

    def wall(self) -> datetime:
        return self.start + timedelta(seconds=self.seconds)

    def scrape(self, number: int) -> str:
        """Let one interval pass, as it does at a site, and tell."""
        self.seconds += SCRAPE_SECONDS
        published = number * SCRAPE_SECONDS // PICTURE_SECONDS
        image = b"\xff\xd8" + bytes(150_000 + 37 * number % 5000) + b"\xff\xd9"
        self._writer.publish(
            image, width=1920, height=1080, captured_at=self.wall(), captured_boottime=self.seconds - number % 12,
            config_version=7, interval_seconds=PICTURE_SECONDS,
        )  # fmt: skip
        write_json(self.paths.stream_state, self._stream(published), durable=False)
        write_json(self.paths.agent_state, _agent(self.seconds), durable=False)
        if number % 2:
            self._client.get("/api/snapshot", headers={"X-API-Key": KEY})
        return self._client.get("/metrics").text

    def _stream(self, published: int) -> dict[str, object]:
        return {
            "status": "streaming", "since": "2026-01-01T00:00:00.000Z", "detail": "", "last_error": None,
            "restarts": 1, "reconnects": 1, "published": published, "dropped": {"torn": published // 500, "corrupt": 0},
            "errors": {"timeout": published // 300}, "decode": "keyframes", "ffmpeg_pid": None, "supervisor_pid": 1,
            "config_version": 7, "interval_seconds": PICTURE_SECONDS, "generation_rate_per_second": 0.083,
            "updated_boottime": self.seconds,
        }  # fmt: skip


def _agent(seconds: float) -> dict[str, object]:
    return {
        "actions": [{"action": "restart_stream", "result": "ok", "count": 3}], "conditions": [],
        "clock_synchronised": True, "control": {"reachable": True, "last_success_at": None, "backlog_entries": 0},
        "updated_boottime": seconds,
    }  # fmt: skip


def run() -> str:
    """A table of series, samples and bytes."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        directory = Path(name)
        pi = SimulatedPi(Paths(directory / "etc/config.json", directory / "run", directory / "state"))
        scrapes = int(BLOCK.total_seconds()) // SCRAPE_SECONDS
        with node_exporter() as node:
            texts = [(pi.scrape(number), node()) for number in range(scrapes)]
        series = [len(list(_samples(text))) for text in texts[-1]]
        bytes_each = _bytes_per_sample(directory, texts)
    return _table(series, bytes_each)


def _table(series: list[int], bytes_each: float) -> str:
    parts = [
        ("Pi, /metrics", series[0] * SITES, SCRAPE_SECONDS),
        ("Pi, node_exporter", series[1] * SITES, NODE_SCRAPE_SECONDS),
        ("its check-in", CHECKED_IN * SITES, SCRAPE_SECONDS),
        ("recorded for it", _recorded_per_device() * SITES, SCRAPE_SECONDS),
        ("alerts of a bad day", ALERT_SERIES, SCRAPE_SECONDS),
    ]
    lines = [(what, count, f"{seconds} s", *_sizes(count / seconds, bytes_each)) for what, count, seconds in parts]
    rate = sum(count / seconds for _, count, seconds in parts)
    lines.append(("all", sum(count for _, count, _ in parts), "", *_sizes(rate, bytes_each)))
    return markdown(
        "Size of Prometheus for 500 sites",
        ["what", "series", "every", "samples/s", *(f"GB in {days} d" for days in RETENTION_DAYS)],
        lines,
        f"A Pi has {series[0]} series of ours and {series[1]} of node_exporter. A sample took {bytes_each:.2f} bytes on"
        " disk, index included: two simulated hours of a Pi's real /metrics and of node_exporter's,"
        f" {COPIES} sites, blocks made by promtool. Not included: the write-ahead log (about three hours of samples,"
        " uncompressed), and the control plane's own series.",
    )


def _sizes(samples_per_second: float, bytes_each: float) -> list[str]:
    a_day = samples_per_second * 86400 * bytes_each / 1e9
    return [f"{samples_per_second:,.0f}", *(f"{a_day * days:.1f}" for days in RETENTION_DAYS)]


def _recorded_per_device() -> int:
    """Rules that record one series a device."""
    rules = yaml.safe_load((REPOSITORY / "monitoring/prometheus/rules/fleet.yml").read_text())
    names = [rule["record"] for group in rules["groups"] for rule in group["rules"]]
    return sum(name.startswith("device:") for name in names)


@contextmanager
def node_exporter() -> Iterator[Callable[[], str]]:
    """Debian's, as the role configures it; gives what scrapes it."""
    defaults = yaml.safe_load((REPOSITORY / "roles/node_exporter/defaults/main.yml").read_text())
    off = [f"--no-collector.{name}" for name in defaults["node_exporter_disabled_collectors"]]
    port = free_port()
    url = f"http://127.0.0.1:{port}/metrics"

    def scrape() -> str:
        with urlopen(url, timeout=10) as answer:  # loopback
            text: str = answer.read().decode()
        return text

    with running(["prometheus-node-exporter", f"--web.listen-address=127.0.0.1:{port}", *off], port):
        yield scrape


def _bytes_per_sample(directory: Path, texts: list[tuple[str, str]]) -> float:
    end = int(time.time()) // 7200 * 7200 - 7200  # a whole block, in the past
    source, blocks = directory / "scrapes.om", directory / "blocks"
    count = 0
    with source.open("w") as out:
        for number, of_both in enumerate(texts):
            at = end - BLOCK.total_seconds() + number * SCRAPE_SECONDS
            for site in range(COPIES):
                for job, text in zip(("pis", "node"), of_both, strict=True):
                    for metric, labels, value in _samples(text):
                        out.write(f"{metric}{{{_target(site, job)}{',' if labels else ''}{labels}}} {value} {at:.0f}\n")
                        count += 1
        out.write("# EOF\n")
    command = ["promtool", "tsdb", "create-blocks-from", "openmetrics", str(source), str(blocks)]
    subprocess.run(command, check=True, capture_output=True)
    written = [json.loads(path.read_text())["stats"] for path in blocks.glob("*/meta.json")]
    if sum(stats["numSamples"] for stats in written) != count:
        raise RuntimeError(f"promtool wrote {written}, but {count} samples were given")
    size = sum(path.stat().st_size for path in blocks.rglob("*") if path.is_file())
    shutil.rmtree(blocks)
    return size / count


def _target(site: int, job: str) -> str:
    return (
        f'job="{job}",instance="10.20.{site}.7:8080",tenant="bluewave",region="south-west",ring="main",'
        f'site="Car wash number {site}",device="wash-{site:04}",environment="production"'
    )


def _samples(text: str) -> Iterator[tuple[str, str, str]]:
    """Name, labels and value of each series in a text of Prometheus' format. Its own labels of the same
    name as ours are renamed, as Prometheus does."""
    for line in text.splitlines():
        found = _SERIES.fullmatch(line)
        if found is not None:
            labels = re.sub(r"(^|,)(device|site|region)=", r"\1exported_\2=", found[2] or "")
            yield found[1], labels, found[3]
