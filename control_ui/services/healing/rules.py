"""The rules in force: the platform's, and instead of each a tenant's own where there is one."""

from __future__ import annotations

from collections import defaultdict

import sqlalchemy as sa

from control_ui.models import HealingDefault, HealingRule, Tenant
from control_ui.models.healing import RuleColumns
from control_ui.models.scope import ScopedSession
from control_ui.services.healing.plain import Rule


def in_force(session: ScopedSession) -> dict[tuple[int, str], list[Rule]]:
    """By tenant and condition, in the order of their steps."""
    own: dict[tuple[int, str, int], Rule] = {
        (row.tenant_id, row.condition, row.step): plain(row) for row in session.scalars(sa.select(HealingRule))
    }
    defaults = [plain(row) for row in session.scalars(sa.select(HealingDefault))]
    found: dict[tuple[int, str], list[Rule]] = defaultdict(list)
    for tenant_id in session.scalars(sa.select(Tenant.id)):
        for rule in defaults:
            found[(tenant_id, rule.condition)].append(own.get((tenant_id, rule.condition, rule.step), rule))
    for rules in found.values():
        rules.sort(key=lambda rule: rule.step)
    return dict(found)


def plain(row: RuleColumns) -> Rule:
    return Rule(
        row.condition, row.step, row.after_seconds, row.action, row.cooldown_seconds, row.most_attempts,
        row.window_seconds, row.then, row.unattended, row.enabled,
    )  # fmt: skip
