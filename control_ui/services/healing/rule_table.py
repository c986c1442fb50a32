"""The rule table as people see and change it: a tenant's own rule stands instead of the platform's."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from control_ui.models import HealingDefault, HealingRule
from control_ui.models.scope import ScopedSession
from control_ui.services import rows
from control_ui.services.actor import Actor
from control_ui.services.audit.trail import Subject, record
from control_ui.services.errors import Fault, InvalidError, NotFoundError
from control_ui.services.healing.conditions import CONDITIONS
from control_ui.services.healing.plain import Rule
from control_ui.services.healing.rules import plain
from control_ui.services.permissions import Permission

BOUNDS = {
    "after_seconds": (0, 7 * 86400),
    "cooldown_seconds": (0, 7 * 86400),
    "most_attempts": (1, 20),
    "window_seconds": (60, 7 * 86400),
}
Row = HealingDefault | HealingRule


@dataclass(frozen=True)
class Shown:
    """A rule that is in force in this scope. `own`: the tenant's. `row_version` is that of the row it comes from."""

    rule: Rule
    title: str
    own: bool
    row_version: int


def shown(session: ScopedSession) -> list[Shown]:
    """All rules in force in this scope, by condition and step."""
    own = {} if session.scope.tenant_id is None else {_key(row): row for row in session.scalars(sa.select(HealingRule))}
    query = sa.select(HealingDefault).order_by(HealingDefault.condition, HealingDefault.step)
    return [_shown(own.get(_key(row), row)) for row in session.scalars(query)]


def one(session: ScopedSession, condition: str, step: int) -> Shown:
    """Raises NotFoundError."""
    return _shown(_row(session, condition, step))


def change(
    session: ScopedSession,
    actor: Actor,
    wanted: Rule,
    *,
    row_version: int,
    reason: str,
    now: datetime,
) -> Shown:
    """Change the rule of this condition and step: the platform's, or in a tenant's scope its own. Raises
    ForbiddenError, NotFoundError, InvalidError, LostUpdateError, ConflictError. Commits."""
    actor.require(Permission.CONFIG_WRITE)
    if session.scope.tenant_id is None:
        actor.require(Permission.PLATFORM_MANAGE)
    row = _row(session, wanted.condition, wanted.step)
    _check(wanted, reason)
    rows.check_row_version(row, row_version, "rule")
    before = _described(row)
    if session.scope.tenant_id is not None and isinstance(row, HealingDefault):
        row = HealingRule(tenant_id=session.scope.tenant_id, condition=row.condition, step=row.step)
        session.add(row)
    for name, value in asdict(wanted).items():
        setattr(row, name, value)
    rows.flush_unless_taken(session, "somebody else has just made this tenant's own rule: read it again")
    _tell(session, actor, row, "healing.rule_change", reason, now, before=before, after=_described(row))
    session.commit()
    return _shown(row)


def reset(
    session: ScopedSession, actor: Actor, key: tuple[str, int], *, row_version: int, reason: str, now: datetime
) -> None:
    """Have the platform's rule again instead of the tenant's own. Raises as `change` does. Commits."""
    actor.require(Permission.CONFIG_WRITE)
    row = _row(session, *key)
    if not isinstance(row, HealingRule):
        raise NotFoundError(f"there is no rule of this tenant's own for {key[0]}, step {key[1]}")
    rows.check_row_version(row, row_version, "rule")
    before = _described(row)
    session.delete(row)
    session.flush()
    _tell(session, actor, row, "healing.rule_reset", reason, now, before=before, after=None)
    session.commit()


def _row(session: ScopedSession, condition: str, step: int) -> Row:
    default = sa.select(HealingDefault).where(HealingDefault.condition == condition, HealingDefault.step == step)
    found: Row | None = session.scalars(default).one_or_none()
    if found is None:
        raise NotFoundError(f"there is no rule {condition}, step {step}")
    if session.scope.tenant_id is None:
        return found
    own = sa.select(HealingRule).where(HealingRule.condition == condition, HealingRule.step == step)
    return session.scalars(own).one_or_none() or found


def _check(wanted: Rule, reason: str) -> None:
    faults = [
        Fault(f"$.{name}", f"must be from {least} to {most}")
        for name, (least, most) in BOUNDS.items()
        if not least <= getattr(wanted, name) <= most
    ]
    if not reason.strip():
        faults.append(Fault("$.reason", "must say why: it stands in the audit trail"))
    if faults:
        raise InvalidError("the rule cannot be changed like this", faults)


def _key(row: Row) -> tuple[str, int]:
    return row.condition, row.step


def _shown(row: Row) -> Shown:
    own = isinstance(row, HealingRule)
    return Shown(plain(row), CONDITIONS[row.condition].title, own, row.row_version)


def _described(row: Row) -> dict[str, Any]:
    return asdict(plain(row))


def _tell(session: ScopedSession, actor: Actor, row: Row, action: str, reason: str, now: datetime, **what: Any) -> None:
    subject = Subject("healing_rule", row.id, f"{row.condition}, step {row.step}")
    record(session, actor, action, subject, tenant_id=session.scope.tenant_id, reason=reason, at=now, **what)
