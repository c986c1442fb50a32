"""Cases follow findings: opened, told anew, and closed when what was found is gone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from control_ui.models import HealingCase
from control_ui.models.healing import CaseState
from control_ui.models.scope import ScopedSession
from control_ui.services.healing.conditions import CONDITIONS, OFFLINE, UNREACHABLE
from control_ui.services.healing.plain import Patient
from control_ui.services.rows import swap

OPEN = (CaseState.OPEN, CaseState.ESCALATED)
OVER = "it is over"
HEALED = "healed:"


def follow(session: ScopedSession, patients: Mapping[int, Patient], now: datetime) -> None:
    """Bring the cases in line with what is found now. Of a silent device only that it is silent is known: its other
    cases stay as they are. Does not commit."""
    query = sa.select(HealingCase).where(HealingCase.state != CaseState.CLOSED)
    rows = session.scalars(query.execution_options(populate_existing=True)).all()
    known = {(row.device_id, row.condition) for row in rows}
    for row in rows:
        patient = patients.get(row.device_id)
        if patient is not None:
            _follow_one(session, row, patient, now)
    for patient in patients.values():
        for found in patient.findings:
            if (patient.device_id, found.condition) not in known:
                session.add(
                    HealingCase(
                        tenant_id=patient.tenant_id, device_id=patient.device_id, condition=found.condition,
                        cause=found.cause[:48], words=found.words, since=found.since or now, opened_at=now,
                        state=CaseState.OPEN,
                    )
                )  # fmt: skip
    session.flush()


def _follow_one(session: ScopedSession, row: HealingCase, patient: Patient, now: datetime) -> None:
    found = patient.finding(row.condition)
    if found is None:
        if patient.heard or row.condition == OFFLINE:
            values = {"state": CaseState.CLOSED, "closed_at": now, "note": _how(row, patient)}
            swap(session, HealingCase, row.id, HealingCase.state, OPEN, values)
    elif (row.cause, row.words) != (found.cause, found.words) and row.cause != UNREACHABLE:
        row.cause, row.words = found.cause[:48], found.words


def _how(row: HealingCase, patient: Patient) -> str:
    """An attempt may have healed it; a trouble of the picture may have become another one."""
    if row.note.startswith(HEALED):
        return row.note
    if CONDITIONS[row.condition].picture:
        for other in patient.findings:
            if CONDITIONS[other.condition].picture:
                return f"it has become another: {other.words}"
    return OVER


def set_note(session: ScopedSession, case_id: int, note: str) -> None:
    """Only where it says something new: it is looked at every few seconds."""
    changed = sa.update(HealingCase).where(HealingCase.id == case_id, HealingCase.note != note)
    session.execute(
        changed.where(HealingCase.state != CaseState.CLOSED).values(note=note),
        execution_options={"synchronize_session": False},
    )


def escalate(session: ScopedSession, case_id: int, words: str, cause: str | None, now: datetime) -> bool:
    """From open to a person's. False where it is not open any more."""
    values: dict[str, Any] = {"state": CaseState.ESCALATED, "escalated_at": now, "note": words}
    if cause is not None:
        values["cause"] = cause
    return swap(session, HealingCase, case_id, HealingCase.state, CaseState.OPEN, values)
