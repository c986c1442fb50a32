"""Debian's Alertmanager on a free loopback port, in a directory of its own, so that it can be killed and come back."""

from __future__ import annotations

import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import requests

from tests.control_ui.servers import free_port, wait_until

SECONDS = 5


class AlertmanagerProcess:
    """Started at once. `stop` lets it write down its silences, `kill` does not."""

    def __init__(self, configuration: Path, directory: Path) -> None:
        self._configuration = configuration
        self._directory = directory
        self.port = free_port()
        self.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        program = shutil.which("prometheus-alertmanager")
        assert program, "these tests need Alertmanager: apt-get install prometheus-alertmanager"
        self._process = subprocess.Popen(
            [
                program, f"--config.file={self._configuration}", f"--storage.path={self._directory}",
                f"--web.listen-address=127.0.0.1:{self.port}", "--cluster.listen-address=", "--log.level=error",
            ],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        ready = f"{self.url}/-/ready"
        wait_until(
            lambda: requests.get(ready, timeout=SECONDS).raise_for_status(),
            "Alertmanager",
            (requests.RequestException,),
        )

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(timeout=SECONDS)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait(timeout=SECONDS)

    def tell(self, *alerts: dict[str, str], ended: bool = False, began: datetime | None = None) -> None:
        """As Prometheus would: these labels fire, or have ended."""
        now = datetime.now(UTC)
        starts_at = began or now - timedelta(seconds=1)
        ends_at = now if ended else now + timedelta(minutes=5)
        body = [
            {
                "labels": labels,
                "annotations": {"summary": f"{labels['alertname']} is the case"},
                "startsAt": starts_at.isoformat(),
                "endsAt": ends_at.isoformat(),
            }
            for labels in alerts
        ]
        requests.post(f"{self.url}/api/v2/alerts", json=body, timeout=SECONDS).raise_for_status()

    def read(self, path: str) -> Any:
        answer = requests.get(f"{self.url}/api/v2/{path}", timeout=SECONDS)
        answer.raise_for_status()
        return answer.json()

    def suppressed(self) -> dict[str, bool]:
        """By the name of the alert: whether nobody is told of it."""
        return {alert["labels"]["alertname"]: alert["status"]["state"] == "suppressed" for alert in self.read("alerts")}

    def active_silences(self) -> list[dict[str, Any]]:
        return [silence for silence in self.read("silences") if silence["status"]["state"] == "active"]
