"""What self-healing did at the seeded sites."""

from __future__ import annotations

from datetime import datetime, timedelta

from control_ui.models import Degradation, Device, HealingAction, HealingCase
from control_ui.models.healing import ActionState, CaseState, RuleAction
from control_ui.models.scope import ScopedSession


def treated(session: ScopedSession, devices: list[Device], now: datetime) -> None:
    """It healed one, tried in vain at another, and calls a person to a third."""
    told = [
        ("stream_not_reporting", "stream service", "the stream service does not report", CaseState.CLOSED),
        ("memory_high", "stream memory", "the stream service uses too much memory: 312 MiB", CaseState.OPEN),
        ("camera_password", "unauthorized", "the camera refuses the password", CaseState.ESCALATED),
    ]
    for device, (condition, cause, words, state) in zip(devices[11:], told, strict=False):
        whose = {"tenant_id": device.tenant_id, "device_id": device.id, "condition": condition, "cause": cause}
        case = HealingCase(
            **whose, words=words, since=now - timedelta(minutes=30), opened_at=now, state=state,
            closed_at=now if state == CaseState.CLOSED else None,
            note="no restart mends this" if state == CaseState.ESCALATED else "the next attempt is in 5 min",
        )  # fmt: skip
        session.add(case)
        session.flush()
        if state == CaseState.ESCALATED:
            continue
        session.add(
            HealingAction(
                **whose, case_id=case.id, step=1, action=RuleAction.RESTART_UNITS, attempt=1, reason=words,
                state=ActionState.HEALED if state == CaseState.CLOSED else ActionState.NOT_HEALED,
                note="it has checked in since", started_at=now - timedelta(minutes=20), finished_at=now,
            )
        )  # fmt: skip
    whose = {"tenant_id": devices[20].tenant_id, "device_id": devices[20].id, "since": now, "seen_at": now}
    words = "its stream restarted 4.0 times an hour in the last 6 hours, 0.1 before"
    session.add(Degradation(**whose, kind="restarts", words=words))
