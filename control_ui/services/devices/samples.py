"""How a Pi was, once a minute: for charts, for the SLA, and for comparing two configurations."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite

from control_ui.models import Device, DeviceSample
from control_ui.models.scope import ScopedSession
from control_ui.services.devices import reading
from control_ui.services.devices.logs import FURTHEST_AHEAD, FURTHEST_BACK

EVERY = timedelta(minutes=1)
EARLY = timedelta(seconds=1)
"""Check-ins come a little early now and then; without it every other minute would be missed."""
MOST = 1000
Sample = dict[str, Any]


def is_due(sampled_at: datetime | None, now: datetime) -> bool:
    return sampled_at is None or now - sampled_at >= EVERY - EARLY


def of_now(report: dict[str, Any], *, config_version: int | None, fresh: bool, now: datetime) -> Sample:
    """The sample that a report `{status, stream, metrics}` makes, as columns of DeviceSample."""
    stream, snapshot = report["stream"], reading.dig(report, "status", "snapshot")
    return _measured(report["metrics"]) | {
        "at": now,
        "stream_status": reading.text(reading.dig(stream, "status"), 24) or None,
        "stream_restarts": reading.whole(reading.dig(stream, "restarts")),
        "stream_reconnects": reading.whole(reading.dig(stream, "reconnects")),
        "snapshot_age_seconds": reading.number(reading.dig(snapshot, "age_seconds")),
        "snapshot_fresh": fresh,
        "snapshots_published": reading.whole(reading.dig(stream, "published")),
        "config_version": config_version,
    }


def of_absence(sent: Any, now: datetime) -> list[Sample]:
    """The samples a Pi took while nobody could be reached. One without a believable time says nothing, and is left
    out."""
    found = []
    for entry in reading.entries(sent, MOST):
        at = reading.moment(entry.get("at"))
        if at is not None and now - FURTHEST_BACK <= at <= now + FURTHEST_AHEAD:
            found.append(_measured(entry.get("metrics")) | _UNKNOWN | {"at": at})
    return found


def keep(session: ScopedSession, device: Device, samples: list[Sample]) -> None:
    """Store what is new, by one statement."""
    if samples:
        table: Any = DeviceSample.__table__
        insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
        whose = {"tenant_id": device.tenant_id, "device_id": device.id}
        session.execute(insert(table).on_conflict_do_nothing(), [whose | sample for sample in samples])


_UNKNOWN: Sample = {
    "stream_status": None,
    "stream_restarts": None,
    "stream_reconnects": None,
    "snapshot_age_seconds": None,
    "snapshot_fresh": None,
    "snapshots_published": None,
    "config_version": None,
}


def _measured(metrics: Any) -> Sample:
    network = reading.dig(metrics, "network")
    return {
        "cpu_usage_percent": reading.number(reading.dig(metrics, "cpu_usage_percent")),
        "memory_usage_bytes": reading.whole(reading.dig(metrics, "memory_usage_bytes")),
        "memory_total_bytes": reading.whole(reading.dig(metrics, "memory_total_bytes")),
        "temperature_celsius": reading.number(reading.dig(metrics, "temperature_celsius")),
        "disk_usage_percent": reading.number(reading.dig(metrics, "disk_usage_percent")),
        "network_received_bytes": _sum(network, "received"),
        "network_transmitted_bytes": _sum(network, "transmitted"),
    }


def _sum(network: Any, direction: str) -> int | None:
    """Over all interfaces; None where none was measured."""
    if not isinstance(network, dict):
        return None
    counts = [reading.whole(reading.dig(counters, direction)) for counters in network.values()]
    known = [count for count in counts if count is not None]
    return min(sum(known), reading.LARGEST) if known else None
