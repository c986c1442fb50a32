"""The wall between tenants: it stands where queries are built, so that no view can forget it.

A session is opened for one scope. Whatever is selected, updated or deleted through it is narrowed to that scope's
tenant, relationships and
joins included, and a row of another tenant cannot be written. A session without a scope does nothing at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import ORMExecuteState, Session, UOWTransaction, sessionmaker, with_loader_criteria

from control_ui.models.base import Walled
from control_ui.models.people import Tenant


@dataclass(frozen=True)
class Scope:
    """`tenant_id` is None for all tenants: platform administrators, the agents' door, and the workers' own
    bookkeeping."""

    tenant_id: int | None

    def admits(self, tenant_id: int | None) -> bool:
        return self.tenant_id is None or self.tenant_id == tenant_id


ALL_TENANTS = Scope(None)


class ScopeError(RuntimeError):
    """A programming mistake: a session without a scope, or a row that does not belong to it."""


class ScopedSession(Session):
    """A session that sees one scope. Made by `open_session`."""

    @property
    def scope(self) -> Scope:
        scope = self.info.get("scope")
        if not isinstance(scope, Scope):
            raise ScopeError("this session has no scope: open it with control_ui.models.scope.open_session")
        return scope


SessionFactory = sessionmaker[ScopedSession]


def session_factory(engine: sa.Engine) -> SessionFactory:
    return sessionmaker(engine, class_=ScopedSession, expire_on_commit=False)


def open_session(factory: SessionFactory, scope: Scope) -> ScopedSession:
    """A session for one scope; a context manager."""
    return factory(info={"scope": scope})


@event.listens_for(ScopedSession, "do_orm_execute")
def _narrow(state: ORMExecuteState) -> None:
    session = state.session
    if not isinstance(session, ScopedSession):  # the listener is on the class; this is for the type checker
        raise ScopeError("not a scoped session")
    tenant_id = session.scope.tenant_id
    if tenant_id is None or state.is_column_load:
        return
    state.statement = state.statement.options(
        with_loader_criteria(
            Walled, lambda model: model.tenant_id == tenant_id, include_aliases=True, track_closure_variables=True
        ),
        with_loader_criteria(Tenant, Tenant.id == tenant_id, include_aliases=True),
    )


@event.listens_for(ScopedSession, "before_flush")
def _refuse_foreign_rows(session: ScopedSession, _context: UOWTransaction, _instances: Any) -> None:
    for row in [*session.new, *session.dirty, *session.deleted]:
        if isinstance(row, Walled) and not session.scope.admits(row.tenant_id):
            raise ScopeError(
                f"a {type(row).__name__} of tenant {row.tenant_id} in a session of tenant {session.scope.tenant_id}"
            )
