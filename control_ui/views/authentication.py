"""Who asks: a guard for each door. Each gives the actor and the scope in which the request may see and change
things."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import sqlalchemy as sa
from flask import g, request

from control_ui.models import Tenant, User
from control_ui.models.scope import ALL_TENANTS, Scope, ScopedSession, open_session
from control_ui.services.actor import ANONYMOUS, Actor
from control_ui.services.errors import ForbiddenError, NotFoundError, UnauthenticatedError
from control_ui.services.people import access_tokens
from control_ui.services.permissions import Permission, permissions_of
from control_ui.views.state import app_state


@dataclass(frozen=True)
class Identity:
    actor: Actor
    scope: Scope


@dataclass(frozen=True)
class Guard:
    """A door of the API. `schemes` are names of OpenAPI security schemes (see openapi.py); any one of them opens it."""

    name: str
    schemes: tuple[str, ...]
    identify: Callable[[], Identity]


def bearer() -> str:
    """The bearer token of this request; empty where there is none."""
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else ""


def identify_person() -> Identity:
    """Raises UnauthenticatedError."""
    token = bearer()
    if not token:
        raise UnauthenticatedError("sign in first: POST /auth/login, then send Authorization: Bearer <access_token>")
    with open_session(app_state().sessions, ALL_TENANTS) as session:
        user = access_tokens.read(session, token, app_state().settings.secret_key)
        return person(session, user)


def person(session: ScopedSession, user: User) -> Identity:
    """The identity of a signed-in person. A platform administrator may narrow it to one tenant by the header
    X-Tenant."""
    permissions = permissions_of(user.role)
    actor = Actor("user", user.id, user.email, user.tenant_id, permissions, request.remote_addr or "", g.request_id)
    return Identity(actor, _scope(session, user, permissions))


def _scope(session: ScopedSession, user: User, permissions: frozenset[Permission]) -> Scope:
    slug = request.headers.get("X-Tenant", "")
    if Permission.PLATFORM_MANAGE not in permissions and user.tenant_id is None:
        raise ForbiddenError("this account belongs to no tenant")
    if not slug:
        return Scope(user.tenant_id)
    tenant = session.scalars(sa.select(Tenant).where(Tenant.slug == slug)).one_or_none()
    if tenant is None or not Scope(user.tenant_id).admits(tenant.id):
        raise NotFoundError(f"there is no tenant {slug!r}")
    return Scope(tenant.id)


def identify_anyone() -> Identity:
    actor = Actor("anonymous", None, ANONYMOUS.name, None, frozenset(), request.remote_addr or "", g.request_id)
    return Identity(actor, ALL_TENANTS)


PUBLIC = Guard("public", (), identify_anyone)
PEOPLE = Guard("people", ("accessToken", "sessionCookie"), identify_person)
