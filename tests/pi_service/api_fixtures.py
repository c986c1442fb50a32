"""A Pi with an API, keys and pictures, and clocks that the test turns by hand."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from pi_service.api_server import create_app
from pi_service.atomic_files import write_json
from pi_service.clock import boottime_seconds, wall_now
from pi_service.paths import Paths
from pi_service.snapshot_cache import SnapshotMetadata, SnapshotWriter

KEY = "till-key"
OTHER_KEY = "plc-key"
EXPIRED_KEY = "old-key"
IMAGE = b"\xff\xd8 a picture \xff\xd9"


def digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


@dataclass
class TurnedClocks:
    """Wall clock and boot clock of a test: they stand until `pass_time`; `jump` moves the wall clock alone."""

    wall_time: datetime = datetime(2026, 11, 23, 12, 0, 0, 123_000, UTC)
    boottime_seconds: float = 1000.0

    def wall(self) -> datetime:
        return self.wall_time

    def boottime(self) -> float:
        return self.boottime_seconds

    def pass_time(self, seconds: float) -> None:
        self.wall_time += timedelta(seconds=seconds)
        self.boottime_seconds += seconds

    def jump(self, **delta: float) -> None:
        self.wall_time += timedelta(**delta)


@dataclass
class Pi:
    """One Pi's files, its API, and the means to change them."""

    paths: Paths
    document: dict[str, Any]
    clocks: TurnedClocks = field(default_factory=TurnedClocks)
    _app: Flask | None = None
    _writer: SnapshotWriter | None = None

    @property
    def app(self) -> Flask:
        if self._app is None:
            self._app = create_app(self.paths, wall=self.clocks.wall, boottime=self.clocks.boottime)
        return self._app

    @property
    def client(self) -> FlaskClient:
        return self.app.test_client()

    def get(self, path: str, key: str | None = KEY, **arguments: Any) -> TestResponse:
        headers = {**({"X-API-Key": key} if key is not None else {}), **arguments.pop("headers", {})}
        return self.client.open(path, headers=headers, **{"method": "GET", **arguments})

    def configure(self, **changes: Any) -> None:
        self.document = {**self.document, **changes}
        write_json(self.paths.config, self.document)

    def publish(self, image: bytes = IMAGE) -> SnapshotMetadata:
        """A new picture, captured now."""
        if self._writer is None:
            self._writer = SnapshotWriter(self.paths)
            self._writer.resize(3)
        return self._writer.publish(
            image,
            width=1920,
            height=1080,
            captured_at=self.clocks.wall_time,
            captured_boottime=self.clocks.boottime_seconds,
            config_version=self.document["version"],
            interval_seconds=12,
        )

    def publish_now(self, image: bytes) -> SnapshotMetadata:
        """A new picture by the real clocks, for an API that runs in its own process."""
        self.clocks.wall_time, self.clocks.boottime_seconds = wall_now(), boottime_seconds()
        return self.publish(image)

    def report_stream(self, **changes: Any) -> None:
        """What the stream unit would write now."""
        write_json(self.paths.stream_state, stream_document(self.clocks) | changes)


def stream_document(clocks: TurnedClocks) -> dict[str, Any]:
    return {
        "status": "streaming",
        "since": "2026-11-23T11:00:00.000Z",
        "detail": "",
        "last_error": None,
        "restarts": 2,
        "reconnects": 1,
        "published": 40,
        "dropped": {"torn": 3, "corrupt": 1},
        "errors": {"refused": 5},
        "decode": "keyframes",
        "ffmpeg_pid": None,
        "supervisor_pid": 1,
        "config_version": 1,
        "interval_seconds": 12,
        "generation_rate_per_second": 0.083,
        "updated_boottime": clocks.boottime_seconds,
    }


@pytest.fixture
def pi(paths: Paths, config_document: dict[str, Any]) -> Pi:
    """A Pi that takes a picture every 12 s and holds it for fresh for 36 s."""
    pi = Pi(paths, config_document)
    pi.configure(
        api_keys=[
            {"name": "till", "sha256": digest(KEY)},
            {"name": "plc", "sha256": digest(OTHER_KEY), "expires_at": "2026-11-24T00:00:00Z"},
            {"name": "old", "sha256": digest(EXPIRED_KEY), "expires_at": "2026-11-23T11:59:59Z"},
        ]
    )
    return pi


def problem_of(response: TestResponse, status: int) -> dict[str, Any]:
    """The problem document of an error answer, checked for its form."""
    assert response.status_code == status, response.get_data(as_text=True)
    assert response.content_type == "application/problem+json"
    document: dict[str, Any] = response.get_json(force=True)
    assert document["status"] == status
    assert document["title"]
    assert document["detail"]
    return document


SamplesOf = Callable[[str], dict[str, float]]


def samples(pi: Pi) -> dict[str, float]:
    """Every series of /metrics: `name{labels}` -> value."""
    lines = pi.get("/metrics", key=None).get_data(as_text=True).splitlines()
    return {
        name: float(value) for name, _, value in (line.rpartition(" ") for line in lines if not line.startswith("#"))
    }
