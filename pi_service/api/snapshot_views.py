"""The routes that give pictures. Each says how old its picture is; none gives a stale one as a plain 200."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Response, request

from pi_service.api.freshness import NO_WISH, parse_wish, retry_after_seconds
from pi_service.api.picture_response import Moment, PictureResponses, client_has, not_modified
from pi_service.api.problem import ProblemError
from pi_service.atomic_files import read_json
from pi_service.clock import rfc3339
from pi_service.config import Config
from pi_service.paths import Paths
from pi_service.snapshot_cache import Snapshot, SnapshotMetadata, SnapshotReader
from pi_service.stream.report import ABSENT, StreamReport, read_stream_report

log = logging.getLogger(__name__)

_SEQUENCE = re.compile(r"\d{1,18}", re.ASCII)


@dataclass(frozen=True)
class Clocks:
    """Where the time comes from: the wall clock, and CLOCK_BOOTTIME in seconds for every age."""

    wall: Callable[[], datetime]
    boottime: Callable[[], float]


class SnapshotViews:
    """Answers the picture routes from a SnapshotReader."""

    def __init__(self, paths: Paths, reader: SnapshotReader, clocks: Clocks) -> None:
        self._paths = paths
        self._reader = reader
        self._clocks = clocks
        self._responses = PictureResponses()

    def image(self, config: Config) -> Response:
        """`GET /api/snapshot`: the newest picture, or why there is no fresh one."""
        wish = parse_wish(request.args.to_dict(flat=False)) if request.environ.get("QUERY_STRING") else NO_WISH
        snapshot = self._present(config)
        age = snapshot.age_seconds(self._clocks.boottime())
        limit = wish.limit_seconds(config.stale_after_seconds)
        if age > limit and not wish.allow_stale:
            raise self._stale(snapshot, age, limit)
        return self._image_response(snapshot, age, stale=age > limit)

    def info(self, config: Config) -> Response:
        """`GET /api/snapshot/info`: what is known of the newest picture and of the stream."""
        snapshot = self._present(config)
        stream = self.stream_report()
        return json_response(
            {
                **self._described(snapshot, config),
                "interval_seconds": snapshot.interval_seconds,
                "stale_after_seconds": config.stale_after_seconds,
                "stream": stream.public() if stream is not None else ABSENT,
                "clock_synchronised": self._clock_synchronised(),
            }
        )

    def history(self, config: Config) -> Response:
        """`GET /api/snapshot/history`: the ring, newest first."""
        pictures = [
            {**self._described(metadata, config), "href": f"/api/snapshot/history/{metadata.sequence}"}
            for metadata in self._reader.history()
        ]
        return json_response({"history_size": config.history_size, "snapshots": pictures})

    def history_image(self, config: Config, sequence: str) -> Response:
        """`GET /api/snapshot/history/<sequence>`: one picture of the ring, marked where it is older than the limit."""
        snapshot = self._reader.history_image(int(sequence)) if _SEQUENCE.fullmatch(sequence) else None
        if snapshot is None:
            raise ProblemError(
                404,
                f"The ring holds no picture number {sequence[:40]!r}; /api/snapshot/history lists those it holds.",
                kind="unknown-sequence",
            )
        age = snapshot.age_seconds(self._clocks.boottime())
        return self._image_response(snapshot, age, stale=age > config.stale_after_seconds)

    def readiness(self, config: Config | None) -> Response:
        """`GET /readyz`: 200 while the present picture is fresh, else 503 with the reason."""
        if config is None:
            raise no_configuration(self._paths)
        snapshot = self._present(config)
        age = snapshot.age_seconds(self._clocks.boottime())
        if age > config.stale_after_seconds:
            raise self._stale(snapshot, age, config.stale_after_seconds)
        return json_response({"status": "ready", "age_seconds": round(age, 3)})

    def stream_report(self) -> StreamReport | None:
        """What the stream unit says; None where it has said nothing or its file is damaged (then logged)."""
        try:
            return read_stream_report(self._paths, self._clocks.boottime())
        except (OSError, ValueError) as error:
            log.debug("the state of the stream cannot be read: %s", error)
            return None

    def _present(self, config: Config) -> Snapshot:
        snapshot = self._reader.current()
        if snapshot is None:
            wait = retry_after_seconds(None, config.snapshot_interval_seconds)
            raise self._unavailable("no-snapshot", "There is no picture yet", wait, {"age_seconds": None})
        return snapshot

    def _stale(self, snapshot: Snapshot, age: float, limit: float) -> ProblemError:
        wait = retry_after_seconds(age, snapshot.interval_seconds)
        says = f"The newest picture is {age:.0f} s old, more than the {limit:g} s allowed"
        return self._unavailable("stale-snapshot", says, wait, {"age_seconds": round(age, 3), "limit_seconds": limit})

    def _unavailable(self, kind: str, says: str, wait_seconds: int, members: dict[str, Any]) -> ProblemError:
        report = self.stream_report()
        why = report.sentence() if report is not None else "the stream service has not reported"
        return ProblemError(
            503,
            f"{says}: {why}.",
            kind=kind,
            headers={"Retry-After": str(wait_seconds), "Cache-Control": "no-store"},
            members={**members, "stream": report.public() if report is not None else ABSENT},
        )

    def _image_response(self, snapshot: Snapshot, age: float, *, stale: bool) -> Response:
        captured_at = snapshot.captured_at(self._clocks.wall(), self._clocks.boottime())
        moment = Moment(captured_at, int(age), stale)
        if_none_match = request.environ.get("HTTP_IF_NONE_MATCH")
        if if_none_match is not None and client_has(snapshot, if_none_match):
            return not_modified(snapshot, moment)
        return self._responses.full(snapshot, moment)

    def _described(self, snapshot: SnapshotMetadata, config: Config) -> dict[str, Any]:
        boottime = self._clocks.boottime()
        age = snapshot.age_seconds(boottime)
        return {
            "captured_at": rfc3339(snapshot.captured_at(self._clocks.wall(), boottime)),
            "age_seconds": round(age, 3),
            "sequence": snapshot.sequence,
            "size_bytes": snapshot.size_bytes,
            "width": snapshot.width,
            "height": snapshot.height,
            "sha256": snapshot.sha256,
            "stale": age > config.stale_after_seconds,
            "config_version": snapshot.config_version,
        }

    def _clock_synchronised(self) -> bool | None:
        """The agent's finding, or None where there is none."""
        try:
            document = read_json(self._paths.agent_state) or {}
        except (OSError, ValueError) as error:
            log.debug("the state of the agent cannot be read: %s", error)
            return None
        found = document.get("clock_synchronised")
        return found if isinstance(found, bool) else None


def json_response(document: dict[str, Any]) -> Response:
    """`document` as an answer nobody may cache."""
    return Response(json.dumps(document) + "\n", 200, {"Cache-Control": "no-store"}, content_type="application/json")


def no_configuration(paths: Paths) -> ProblemError:
    """The answer while there is nothing to go by."""
    return ProblemError(
        503,
        f"This Pi has no valid configuration in {paths.config}; apply one with `carwash config apply FILE`.",
        kind="no-configuration",
        headers={"Retry-After": "30"},
    )
