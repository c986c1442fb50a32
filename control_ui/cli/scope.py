"""What the commands have in common: the tenant they are for, who gives them, and refusals in one sentence."""

from __future__ import annotations

import getpass
from collections.abc import Iterator
from contextlib import contextmanager

import click
import sqlalchemy as sa

from control_ui.models import Tenant
from control_ui.models.scope import ALL_TENANTS, Scope, ScopedSession, open_session
from control_ui.services.actor import Actor, system
from control_ui.services.errors import InvalidError, ServiceError
from control_ui.views.state import app_state


@contextmanager
def tenant_session(slug: str | None) -> Iterator[ScopedSession]:
    """A session for one tenant, or for all of them. What a service refuses ends the command with its sentence."""
    with open_session(app_state().sessions, ALL_TENANTS) as session:
        scope = ALL_TENANTS if slug is None else _scope(session, slug)
    with open_session(app_state().sessions, scope) as session:
        try:
            yield session
        except InvalidError as error:
            faults = "".join(f"\n  {fault.path}: {fault.message}" for fault in error.faults)
            raise click.ClickException(error.detail + faults) from error
        except ServiceError as error:
            raise click.ClickException(error.detail) from error


def operator_at_the_console() -> Actor:
    """Whoever has a shell on this machine: recorded by the name of the system's user."""
    return system(f"command line ({getpass.getuser()})")


def _scope(session: ScopedSession, slug: str) -> Scope:
    tenant = session.scalars(sa.select(Tenant).where(Tenant.slug == slug)).one_or_none()
    if tenant is None:
        known = ", ".join(session.scalars(sa.select(Tenant.slug).order_by(Tenant.slug).limit(20))) or "none yet"
        raise click.ClickException(f"there is no tenant {slug!r}; there are: {known}")
    return Scope(tenant.id)
