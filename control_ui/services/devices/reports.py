"""A check-in's report, from whatever a Pi sent to what is kept of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from control_ui.models import Device
from control_ui.services.devices import logs, reading, samples
from control_ui.services.redaction import KnownSecrets

LARGEST_VERSION = 2**53 - 1
MOST_RESULTS = 100
PARTS = ("status", "stream", "metrics")


@dataclass(frozen=True)
class ActionResult:
    """What became of something the Pi was asked to do."""

    action_id: str
    result: str
    detail: Any


@dataclass(frozen=True)
class Report:
    """Bounded, and without secrets. `config_version` is None where none was given that makes sense."""

    config_version: int | None
    release: str
    parts: dict[str, Any]
    """`{status, stream, metrics}`, each an object or None."""
    lines: list[logs.Line]
    samples: list[samples.Sample]
    results: list[ActionResult]

    @classmethod
    def read(cls, sent: dict[str, Any], device: Device, now: datetime) -> Report:
        """Never raises, whatever was sent."""
        mask = KnownSecrets([device.camera_password or ""]).mask
        parts = {name: reading.part(sent.get(name), mask) for name in PARTS}
        return cls(
            config_version=reading.whole(sent.get("config_version"), 1, LARGEST_VERSION),
            release=reading.text(reading.dig(parts, "status", "release"), 63),
            parts=parts,
            lines=logs.read(sent.get("logs"), mask, now),
            samples=samples.of_absence(sent.get("samples"), now),
            results=[
                ActionResult(
                    action_id=reading.text(entry.get("id"), 36),
                    result=reading.text(entry.get("result"), 24),
                    detail=reading.part({"detail": entry.get("detail")}, mask),
                )
                for entry in reading.entries(sent.get("action_results"), MOST_RESULTS)
            ],
        )
