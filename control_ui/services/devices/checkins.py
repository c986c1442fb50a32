"""A Pi checks in: what it tells is kept, what is wanted of it is answered, in one short transaction.

In the usual case that is one UPDATE, beside the SELECT by which its token was recognised (tokens.owner).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from control_ui.models import ConfigVersion, Device, DeviceAction, DeviceState, DeviceStatusChange
from control_ui.models.devices import DeviceStatus
from control_ui.models.scope import ScopedSession
from control_ui.services.configuration.desire import wanted
from control_ui.services.devices import logs, mailbox, reading, samples, status
from control_ui.services.devices.reports import Report
from control_ui.services.devices.status import Standing
from control_ui.services.errors import ConflictError, ForbiddenError

CONFIG_URL = "api/agent/config"
"""Relative to the Pi's control_url, whatever path that has."""
_ATTEMPTS = 5


@dataclass(frozen=True)
class Answer:
    """What the Pi is to run and to do. `news`: deployments should look at what it told."""

    desired_version: int | None
    config_url: str | None
    actions: Sequence[DeviceAction]
    news: bool


def check_in(session: ScopedSession, device: Device, sent: dict[str, Any], now: datetime) -> Answer:
    """Keep a report `{device_id, config_version, status, stream, metrics, logs, samples, action_results}`.

    Whatever in it makes no sense is left out; nothing else suffers. Raises ForbiddenError where it is another device's.
    """
    _check_owner(device, sent)
    report = Report.read(sent, device, now)
    state, desired = device.state, wanted(device.state, now)
    standing = _standing(session, device, report, desired)
    _keep_state(session, device, standing, report, now)
    if report.lines:
        logs.keep(session, device, report.lines)
    if report.samples:
        samples.keep(session, device, report.samples)
    actions = _see_to_mailbox(session, device, report, now)
    news = state.desired_config_id is not None and _evidence(standing) != _evidence(Standing.of(state, desired))
    session.commit()
    return Answer(
        desired_version=desired.number if desired is not None else None,
        config_url=CONFIG_URL if desired is not None else None,
        actions=actions,
        news=news,
    )


def _check_owner(device: Device, sent: dict[str, Any]) -> None:
    named = sent.get("device_id")
    if isinstance(named, str) and named != device.name:
        raise ForbiddenError(
            f"this device token is {device.name}'s, but the report is another device's: was its card copied?"
            " Give each Pi a token of its own"
        )


def _standing(session: ScopedSession, device: Device, report: Report, desired: ConfigVersion | None) -> Standing:
    """What is known of the configuration in force was read along with the device, unless it has just changed."""
    state = device.state
    before = Standing.of(state, desired)
    number = report.config_version if report.config_version is not None else state.config_version
    in_force = before.in_force
    if number != state.config_version:
        query = sa.select(ConfigVersion).where(ConfigVersion.device_id == device.id, ConfigVersion.number == number)
        in_force = session.scalars(query).one_or_none()
    return Standing(report.parts, number, in_force, desired, before.wanted_since, before.was_ever_wanted)


def _keep_state(session: ScopedSession, device: Device, standing: Standing, report: Report, now: datetime) -> None:
    """Write the state, and the change of status where there is one.

    By compare-and-swap on the status: between reading and writing the device may have been declared silent, and then
    its coming back is a change.
    """
    verdict, reasons = status.judge(standing, now)
    words = [str(reason) for reason in reasons]
    state = device.state
    sample_due = samples.is_due(state.sampled_at, now)
    values = {
        "last_seen_at": now,
        "overdue_at": status.overdue_at(standing, now),
        "config_version": standing.config_version,
        "release": report.release or state.release,
        "report": report.parts,
    } | ({"sampled_at": now} if sample_due else {})
    _swap_status(session, device, verdict, words, values, now)
    if sample_due:
        fresh = status.is_fresh(standing)
        sample = samples.of_now(report.parts, config_version=standing.config_version, fresh=fresh, now=now)
        samples.keep(session, device, [sample])


def _swap_status(
    session: ScopedSession,
    device: Device,
    verdict: DeviceStatus,
    reasons: list[str],
    values: dict[str, Any],
    now: datetime,
) -> None:
    """Raises ConflictError where the device is gone."""
    known: tuple[DeviceStatus, list[str]] | None = (device.state.status, device.state.status_reasons)
    for _ in range(_ATTEMPTS):
        if known is None:
            break
        changed = known != (verdict, reasons)
        since = {"status_since": now} if known[0] != verdict else {}
        statement = (
            sa.update(DeviceState)
            .where(DeviceState.device_id == device.id, DeviceState.status == known[0])
            .values(status=verdict, status_reasons=reasons, **since, **values)
        )
        result = session.execute(statement, execution_options={"synchronize_session": False})
        if getattr(result, "rowcount", 0):
            if changed:
                session.add(_change(device, verdict, reasons, now))
            return
        found = sa.select(DeviceState.status, DeviceState.status_reasons).where(DeviceState.device_id == device.id)
        row = session.execute(found).one_or_none()
        known = None if row is None else (row[0], row[1])
    raise ConflictError("this device was changed or removed at this very moment: check in again")


def _change(device: Device, verdict: DeviceStatus, reasons: list[str], now: datetime) -> DeviceStatusChange:
    return DeviceStatusChange(tenant_id=device.tenant_id, device_id=device.id, at=now, status=verdict, reasons=reasons)


def _see_to_mailbox(session: ScopedSession, device: Device, report: Report, now: datetime) -> Sequence[DeviceAction]:
    """Take the answers, mark what has expired, and give what is to be done."""
    answered = mailbox.close(session, device, report.results, now)
    waiting = [action for action in device.state.open_actions if action.id not in answered]
    if any(action.expires_at <= now for action in waiting):
        mailbox.expire(session, now, device)
    return mailbox.offer(session, waiting, now)


def _evidence(standing: Standing) -> tuple[Any, ...]:
    """What a deployment's verdict can rest on: as long as it stays the same there is nothing new to look at."""
    report = standing.report
    return (
        standing.config_version,
        reading.dig(report, "status", "snapshot", "config_version"),
        reading.dig(report, "stream", "status"),
        reading.dig(report, "status", "pull"),
        reading.dig(report, "status", "last_apply"),
    )
