"""Debian's Prometheus and Alertmanager on free loopback ports, scraping what a test gives them."""

from __future__ import annotations

import json
import re
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import urlopen

import yaml

from tests.control_ui.servers import free_port, wait_until
from tests.monitoring.rules import RULES

INTERVAL = "1s"
DEVICE = {"tenant": "acme", "region": "", "ring": "main", "site": "Site of pi-1", "device": "pi-1",
          "environment": "production"}  # fmt: skip


@dataclass(frozen=True)
class Prometheus:
    """One that runs."""

    url: str

    def ask(self, path: str, **arguments: str) -> Any:
        """What its HTTP API answers. Raises URLError for a query it does not take."""
        with urlopen(f"{self.url}{path}?{urlencode(arguments)}", timeout=30) as answer:  # noqa: S310  # loopback
            return json.load(answer)["data"]

    def query(self, expression: str) -> list[Any]:
        """The series of an instant query."""
        found: list[Any] = self.ask("/api/v1/query", query=expression)["result"]
        return found


@dataclass(frozen=True)
class Served:
    """What is scraped, at `address` (host and port)."""

    address: str
    scraped: threading.Condition

    def wait_for_a_scrape(self, seconds: float) -> bool:
        """Whether one came within this time."""
        with self.scraped:
            return self.scraped.wait(seconds)


@contextmanager
def serving(texts: Mapping[str, Callable[[], str]]) -> Iterator[Served]:
    """`/<job>` gives this job's text, asked for each time."""
    scraped = threading.Condition()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = texts[self.path.strip("/")]().encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
            with scraped:
                scraped.notify_all()

        def log_message(self, *_arguments: Any) -> None:
            """Scrapes are no news."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield Served(f"127.0.0.1:{server.server_address[1]}", scraped)
        server.shutdown()
        thread.join()


@contextmanager
def alertmanager(directory: Path) -> Iterator[str]:
    """An Alertmanager that tells nobody. Yields host and port."""
    directory.mkdir()
    (directory / "config.yml").write_text(
        yaml.safe_dump({"route": {"receiver": "none"}, "receivers": [{"name": "none"}]})
    )
    address = f"127.0.0.1:{free_port()}"
    with _running(
        directory, "prometheus-alertmanager", f"--web.listen-address={address}", "--cluster.listen-address=",
        f"--config.file={directory / 'config.yml'}", f"--storage.path={directory / 'data'}",
    ):  # fmt: skip
        _wait_for(f"http://{address}/-/ready")
        yield address


@contextmanager
def prometheus(directory: Path, served: str, alertmanager_at: str) -> Iterator[Prometheus]:
    """With all our rules, which fire at once, and each job that `served` has a text of."""
    directory.mkdir()
    for path in RULES:
        (directory / path.name).write_text(re.sub(r"(?m)^ +for: .*\n", "", path.read_text()))
    address = f"127.0.0.1:{free_port()}"
    (directory / "prometheus.yml").write_text(yaml.safe_dump(_configuration(address, served, alertmanager_at)))
    with _running(
        directory, "prometheus", f"--web.listen-address={address}", f"--storage.tsdb.path={directory / 'data'}",
        f"--config.file={directory / 'prometheus.yml'}", "--log.level=error",
    ):  # fmt: skip
        _wait_for(f"http://{address}/-/ready")
        yield Prometheus(f"http://{address}")


def _configuration(own: str, served: str, alertmanager_at: str) -> dict[str, Any]:
    def job(name: str, target: str, labels: dict[str, str] | None = None, **more: Any) -> dict[str, Any]:
        static = {"targets": [target]} | ({"labels": labels} if labels else {})
        return {"job_name": name, "static_configs": [static], **more}

    return {
        "global": {"scrape_interval": INTERVAL, "evaluation_interval": INTERVAL,
                   "external_labels": {"control_url": "https://fleet.example"}},
        "rule_files": [path.name for path in RULES],
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": [alertmanager_at]}]}]},
        "scrape_configs": [
            job("pis", served, DEVICE, metrics_path="/pis"),
            job("node", served, DEVICE, metrics_path="/node"),
            job("devices", served, metrics_path="/devices", honor_labels=True),
            job("control_plane", served, metrics_path="/control_plane"),
            job("prometheus", own),
            job("alertmanager", alertmanager_at),
        ],
    }  # fmt: skip


@contextmanager
def _running(directory: Path, *command: str) -> Iterator[None]:
    with (
        (directory / "log").open("w") as log,
        subprocess.Popen(command, cwd=directory, stdout=log, stderr=log) as process,
    ):
        try:
            yield
        finally:
            process.terminate()


def _wait_for(url: str) -> None:
    """Return once it answers."""
    wait_until(lambda: urlopen(url, timeout=5).close(), url, (URLError,))  # noqa: S310  # loopback
