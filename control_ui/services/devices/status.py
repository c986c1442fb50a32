"""How a device is: judged from its last report when it checks in, and from its silence when it does not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from control_ui.models import ConfigVersion, Device, DeviceState, DeviceStatusChange
from control_ui.models.devices import DeviceStatus
from control_ui.models.scope import ScopedSession
from control_ui.services.devices import reading
from control_ui.services.devices.reasons import CONDITIONS, STREAM_ERRORS, STREAM_STATUSES, Reason, duration
from control_ui.services.redaction import redact_text

DEFAULT_INTERVAL_SECONDS = 12.0
DEFAULT_CHECKIN_SECONDS = 10.0
STALE_INTERVALS = 3
MISSED_CHECKINS = 3
SHORTEST_SILENCE = timedelta(seconds=30)
LONGEST_SILENCE = timedelta(days=1)
OUTAGE_PATIENCE = timedelta(minutes=1)
"""So long after the control plane itself was away nobody is called silent: twice the shortest silence."""
PATIENCE = timedelta(minutes=5)
"""So long a wanted configuration may be on its way before it counts against a device that checks in."""
SILENT = "it does not check in"
_FAILED_APPLY = ("refused", "rolled back", "rolled_back")
_LONGEST_REASON = 500


@dataclass(frozen=True)
class Standing:
    """What a verdict rests on: a report `{status, stream, metrics}`, and what is wanted of the device."""

    report: dict[str, Any]
    config_version: int | None
    in_force: ConfigVersion | None
    """What that number stands for; None where it did not come from here."""
    wanted: ConfigVersion | None
    wanted_since: datetime | None
    was_ever_wanted: bool

    @classmethod
    def of(cls, state: DeviceState, wanted: ConfigVersion | None) -> Standing:
        """As the state has it."""
        since = state.desired_at or (wanted.created_at if wanted is not None else None)
        return cls(
            state.report,
            state.config_version,
            state.config_in_force,
            wanted,
            since,
            state.desired_config_id is not None,
        )

    def setting(self, name: str) -> float | None:
        """A number of the configuration in force, as far as it is known here."""
        return reading.number(self.in_force.shown.get(name)) if self.in_force is not None else None


def judge(standing: Standing, now: datetime) -> tuple[DeviceStatus, list[Reason]]:
    """Of a device that has reported just now: online, or degraded for these reasons."""
    picture = list(_of_picture(standing))
    reasons = [
        *picture,
        *_of_conditions(standing.report, picture_told=bool(picture)),
        *_of_configuration(standing, now),
    ]
    return (DeviceStatus.DEGRADED if reasons else DeviceStatus.ONLINE), reasons


def is_fresh(standing: Standing) -> bool:
    """Whether there is a picture that is not older than its configuration allows."""
    age = reading.number(reading.dig(standing.report, "status", "snapshot", "age_seconds"))
    return age is not None and age <= stale_after_seconds(standing)


def overdue_at(standing: Standing, now: datetime) -> datetime:
    """When a device that reported just now counts as offline if it stays silent."""
    interval = standing.setting("checkin_interval_seconds") or DEFAULT_CHECKIN_SECONDS
    silence = timedelta(seconds=MISSED_CHECKINS * interval)
    return now + min(max(silence, SHORTEST_SILENCE), LONGEST_SILENCE)


def tell(device: Device, standing: Standing, now: datetime) -> list[str]:
    """Why a device is as it is, with durations as of now."""
    state = device.state
    if state.last_seen_at is None:
        return [_never_seen(device)]
    later_seconds = max(0.0, (now - state.last_seen_at).total_seconds())
    _, reasons = judge(standing, state.last_seen_at)
    if state.status == DeviceStatus.OFFLINE:
        revoked = device.token_sha256 is None
        silent = f"last seen {duration(later_seconds)} ago, at {state.last_seen_at:%Y-%m-%d %H:%M:%S} UTC"
        without_token = ["its device token was revoked: it cannot check in"] if revoked else []
        return [silent, *without_token, *(f"when it was last seen: {reason.words()}" for reason in reasons)]
    return [reason.words(later_seconds) for reason in reasons]


def mark_silent(session: ScopedSession, now: datetime) -> int:
    """Devices that are overdue become offline, from the moment they were last seen; gives how many."""
    silent = (
        sa.update(DeviceState)
        .where(DeviceState.status.in_([DeviceStatus.ONLINE, DeviceStatus.DEGRADED]), DeviceState.overdue_at < now)
        .values(status=DeviceStatus.OFFLINE, status_reasons=[SILENT], status_since=DeviceState.last_seen_at)
        .returning(DeviceState.device_id, DeviceState.tenant_id, DeviceState.last_seen_at)
    )
    gone = session.execute(silent, execution_options={"synchronize_session": False}).all()
    session.add_all(
        DeviceStatusChange(
            tenant_id=tenant_id, device_id=device_id, at=last_seen_at, status=DeviceStatus.OFFLINE, reasons=[SILENT]
        )
        for device_id, tenant_id, last_seen_at in gone
    )
    session.commit()
    return len(gone)


def _of_picture(standing: Standing) -> Iterator[Reason]:
    stream = standing.report.get("stream")
    if is_fresh(standing):
        stream_status = reading.dig(stream, "status")
        if stream_status in ("frozen", "silent"):
            yield Reason(STREAM_STATUSES[stream_status])
        return
    age = reading.number(reading.dig(standing.report, "status", "snapshot", "age_seconds"))
    yield Reason("no picture", _stream_words(stream), age)


def _stream_words(stream: Any) -> str:
    if stream is None:
        return "the stream service has not reported since it started"
    if reading.dig(stream, "quiet"):
        return "the stream service does not report"
    status, error = reading.dig(stream, "status"), reading.dig(stream, "last_error", "reason")
    if error in STREAM_ERRORS and (status in ("connecting", "disconnected") or error == "storage"):
        return STREAM_ERRORS[error]
    return STREAM_STATUSES.get(status, "the stream service says nothing that is known here")


def _of_conditions(report: dict[str, Any], *, picture_told: bool) -> Iterator[Reason]:
    """What the agent has found wrong with the Pi. What it says of the stream is told with the picture."""
    for condition in reading.entries(reading.dig(report, "status", "conditions"), reading.MOST_ITEMS):
        name = reading.text(condition.get("name"), reading.LONGEST_NAME)
        if name and not (picture_told and name.startswith("stream_") and name != "stream_memory"):
            what = CONDITIONS.get(name, name.replace("_", " "))
            yield Reason(what, figures=reading.text(condition.get("detail"), _LONGEST_REASON))


def _of_configuration(standing: Standing, now: datetime) -> Iterator[Reason]:
    runs, wanted = standing.config_version, standing.wanted
    if wanted is not None and runs != wanted.number:
        since = f" since {standing.wanted_since:%Y-%m-%d %H:%M} UTC" if standing.wanted_since is not None else ""
        what = f"runs configuration {runs or 'of an unknown number'}, {wanted.number} is wanted{since}"
        if refusal := refusal_of(standing.report, wanted.number):
            yield Reason(what, refusal)
        elif standing.wanted_since is not None and now - standing.wanted_since > PATIENCE:
            yield Reason(what, "it has not taken it yet")
    elif standing.in_force is None and runs is not None and standing.was_ever_wanted:
        yield Reason(f"runs configuration {runs}, which did not come from here")


def refusal_of(report: dict[str, Any], number: int) -> str:
    """Why the Pi does not run the configuration of this number, in its own words; empty where it does not say."""
    pull = reading.dig(report, "status", "pull")
    if reading.dig(pull, "desired_version") == number:
        return redact_text(reading.text(reading.dig(pull, "reason"), _LONGEST_REASON))
    last = reading.dig(report, "status", "last_apply")
    if reading.dig(last, "new_version") != number or reading.dig(last, "result") not in _FAILED_APPLY:
        return ""
    faults = "; ".join(
        f"{reading.text(fault.get('path'))}: {reading.text(fault.get('message'))}"
        for fault in reading.entries(reading.dig(last, "faults"), 10)
    )
    words = [reading.text(reading.dig(last, "reason")), faults]
    result = reading.text(reading.dig(last, "result")).replace("_", " ")
    return redact_text(": ".join([result, *(word for word in words if word)]))[:_LONGEST_REASON]


def stale_after_seconds(standing: Standing) -> float:
    """Age from which a picture counts as stale."""
    configured = standing.setting("stale_after_seconds")
    if configured is not None:
        return configured
    intervals = (
        reading.number(reading.dig(standing.report, "stream", "interval_seconds")),
        standing.setting("snapshot_interval_seconds"),
    )
    return STALE_INTERVALS * max((interval for interval in intervals if interval), default=DEFAULT_INTERVAL_SECONDS)


def _never_seen(device: Device) -> str:
    if device.registered_at is None:
        return "it has never checked in: it has not registered yet (make an enrolment token, and put it on the Pi)"
    return f"it registered at {device.registered_at:%Y-%m-%d %H:%M} UTC, but has not checked in since"
