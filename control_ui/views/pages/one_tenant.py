"""Pages about one tenant: whoever belongs to one sees theirs, and the platform chooses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import sqlalchemy as sa
from flask import request

from control_ui.models import Tenant
from control_ui.models.scope import Scope, ScopedSession, open_session
from control_ui.views.api.operation import Call
from control_ui.views.state import app_state


@dataclass(frozen=True)
class Chosen:
    """`tenant` is None where the platform has chosen none yet; `others` are those it can choose from."""

    tenant: Tenant | None
    others: Sequence[Tenant]

    @property
    def slug(self) -> str:
        """To be kept in addresses; empty where there is no choice."""
        return self.tenant.slug if self.tenant is not None and self.others else ""


def chosen(call: Call) -> Chosen:
    """By `tenant` in the form or the address."""
    tenants = call.session.scalars(sa.select(Tenant).order_by(Tenant.name, Tenant.id)).all()
    if call.session.scope.tenant_id is not None:
        return Chosen(tenants[0], [])
    slug = request.form.get("tenant") or request.args.get("tenant", "")
    return Chosen(next((tenant for tenant in tenants if tenant.slug == slug), None), tenants)


@contextmanager
def session_of(call: Call, tenant: Tenant | None) -> Iterator[ScopedSession]:
    """A session that sees this tenant only; the page's own where none is chosen."""
    if tenant is None or call.session.scope.tenant_id is not None:
        yield call.session
        return
    call.session.commit()  # SQLite takes one session at a time
    with open_session(app_state().sessions, Scope(tenant.id)) as session:
        yield session
