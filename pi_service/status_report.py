"""`carwash status`: how this Pi is, for a person at its prompt."""

from __future__ import annotations

from typing import Any

from pi_service.clock import boottime_seconds, rfc3339, wall_now
from pi_service.configuration.apply_record import ApplyRecord
from pi_service.configuration.source import load_usable
from pi_service.paths import Paths
from pi_service.snapshot_cache import SnapshotReader
from pi_service.stream.client import ask


def gather(paths: Paths) -> dict[str, Any]:
    """What `--json` prints: `{config, stream, snapshot, last_apply}`; null where there is none."""
    usable = load_usable(paths)
    config = None
    if usable is not None:
        config = {"version": usable.config.version, "device_id": usable.config.device_id, "fault": usable.fault}
    return {
        "config": config,
        "stream": _stream(paths),
        "snapshot": _snapshot(paths, usable.config.stale_after_seconds if usable is not None else None),
        "last_apply": ApplyRecord(paths).read()["last"],
    }


def _stream(paths: Paths) -> dict[str, Any]:
    try:
        return ask(paths, {"op": "status"})
    except (OSError, ValueError) as error:
        return {"ok": False, "reason": str(error)}


def _snapshot(paths: Paths, stale_after_seconds: float | None) -> dict[str, Any] | None:
    snapshot = SnapshotReader(paths).current()
    if snapshot is None:
        return None
    now = boottime_seconds()
    age_seconds = snapshot.age_seconds(now)
    return {
        "sequence": snapshot.sequence,
        "captured_at": rfc3339(snapshot.captured_at(wall_now(), now)),
        "age_seconds": round(age_seconds, 3),
        "stale": stale_after_seconds is not None and age_seconds > stale_after_seconds,
        "size_bytes": snapshot.size_bytes,
        "width": snapshot.width,
        "height": snapshot.height,
    }


def lines(report: dict[str, Any]) -> list[str]:
    """The report in words."""
    return [
        "configuration  " + _config_words(report["config"]),
        "stream         " + _stream_words(report["stream"]),
        "picture        " + _snapshot_words(report["snapshot"]),
        "last apply     " + _apply_words(report["last_apply"]),
    ]


def _config_words(config: dict[str, Any] | None) -> str:
    if config is None:
        return "none that can be used"
    return f"version {config['version']} for {config['device_id']}" + (
        f" ({config['fault']})" if config["fault"] else ""
    )


def _stream_words(stream: dict[str, Any]) -> str:
    if not stream["ok"]:
        return str(stream["reason"])
    words = f"{stream['status']} since {stream['since']}, {stream['published']} pictures, {stream['restarts']} restarts"
    error = stream["last_error"]
    words += f"; last error {error['reason']} at {error['at']}: {error['detail']}" if error else ""
    return words + (f"; {stream['detail']}" if stream["detail"] else "")


def _snapshot_words(snapshot: dict[str, Any] | None) -> str:
    if snapshot is None:
        return "none yet"
    size = f"{snapshot['width']}x{snapshot['height']}, {snapshot['size_bytes']} bytes"
    stale = ", STALE" if snapshot["stale"] else ""
    return f"number {snapshot['sequence']}, {snapshot['age_seconds']:.1f} s old{stale}, {size}"


def _apply_words(last: dict[str, Any] | None) -> str:
    if last is None:
        return "never"
    words = f"{last['result']} at {last['at']}, version {last['old_version']} -> {last['new_version']}"
    return words + (f" ({last['reason']})" if last["reason"] else "")
