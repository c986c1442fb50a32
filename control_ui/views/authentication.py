"""Who asks: a guard for each door. Each gives the actor and the scope in which the request may see and change
things."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import sqlalchemy as sa
from flask import g, request

from control_ui.models import ApiToken, Tenant, User
from control_ui.models.scope import ALL_TENANTS, Scope, ScopedSession, open_session
from control_ui.services.actor import ANONYMOUS, Actor
from control_ui.services.errors import ForbiddenError, NotFoundError, UnauthenticatedError
from control_ui.services.people import access_tokens, api_tokens
from control_ui.services.permissions import Permission, permissions_of
from control_ui.views import csrf, login_session
from control_ui.views.state import app_state

_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


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


@dataclass(frozen=True)
class Shown:
    """Who somebody is, by what they showed."""

    user: User
    api_token: ApiToken | None = None


def bearer() -> str:
    """The bearer token of this request; empty where there is none."""
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else ""


def identify_person() -> Identity:
    """By access token, API token or session cookie, in this order: what is shown and not valid is not made up for by
    the next. What the person may do is read from the database, at every request.

    Raises UnauthenticatedError; ForbiddenError while the password is a one-time one; BadRequest where only the cookie
    speaks for a change, without a CSRF token; NotFoundError for an X-Tenant that is not theirs.
    """
    shown = _who()
    _refuse_one_time_password(shown.user)
    with open_session(app_state().sessions, ALL_TENANTS) as session:
        return Identity(_actor(shown), _scope(session, shown.user, request.headers.get("X-Tenant", "")))


def identify_oneself() -> Identity:
    """The same, for what is one's own, wherever one is at work: X-Tenant does not matter."""
    shown = _who()
    _refuse_one_time_password(shown.user)
    return Identity(_actor(shown), Scope(shown.user.tenant_id))


def identify_newcomer() -> Identity:
    """The same, for what can be done with a one-time password: see who one is, and replace it."""
    shown = _who()
    return Identity(_actor(shown), Scope(shown.user.tenant_id))


def identify_anyone() -> Identity:
    actor = Actor("anonymous", None, ANONYMOUS.name, None, frozenset(), request.remote_addr or "", g.request_id)
    return Identity(actor, ALL_TENANTS)


def by_session(signed_in: login_session.SignedIn, *, oneself: bool = False) -> Identity:
    """A person at the pages, in the tenant that a platform administrator has gone into; with `oneself` for what is
    one's own."""
    actor = _actor(Shown(signed_in.user))
    if oneself:
        return Identity(actor, Scope(signed_in.user.tenant_id))
    entered = login_session.tenant()
    with open_session(app_state().sessions, ALL_TENANTS) as session:
        return Identity(actor, _scope(session, signed_in.user, "" if entered is None else entered.slug))


def _who() -> Shown:
    token, state = bearer(), app_state()
    if not token:
        return _by_cookie()
    with open_session(state.sessions, ALL_TENANTS) as session:
        if token.startswith(api_tokens.PREFIX):
            api_token = api_tokens.read(session, token, datetime.now(UTC))
            return Shown(api_token.user, api_token)
        return Shown(access_tokens.read(session, token, state.settings.secret_key))


def _by_cookie() -> Shown:
    signed_in = None if "Authorization" in request.headers else login_session.current()
    if signed_in is None:
        raise UnauthenticatedError("sign in first: POST /auth/login, then send Authorization: Bearer <access_token>")
    csrf.check()
    return Shown(signed_in.user)


def _refuse_one_time_password(user: User) -> None:
    if user.password_expires_at is not None:
        raise ForbiddenError("your password is a one-time one: choose your own first (POST /api/me/password)")


def _actor(shown: Shown) -> Actor:
    user, token = shown.user, shown.api_token
    return Actor(
        kind="user" if token is None else "token",
        id=user.id,
        name=user.email,
        tenant_id=user.tenant_id,
        permissions=permissions_of(user.role, None if token is None else token.scopes),
        remote_address=request.remote_addr or "",
        request_id=g.request_id,
        token_id=None if token is None else token.id,
    )


def _scope(session: ScopedSession, user: User, slug: str) -> Scope:
    """A platform administrator sees all tenants, or only one: by the header X-Tenant, or by going into it."""
    if user.tenant_id is None and Permission.PLATFORM_MANAGE not in permissions_of(user.role):
        raise ForbiddenError("this account belongs to no tenant")
    if not slug:
        return Scope(user.tenant_id)
    tenant = None
    if _SLUG.fullmatch(slug):
        tenant = session.scalars(sa.select(Tenant).where(Tenant.slug == slug)).one_or_none()
    if tenant is None or not Scope(user.tenant_id).admits(tenant.id):
        raise NotFoundError(f"there is no tenant {slug!r}")
    return Scope(tenant.id)


_PERSON = ("accessToken", "sessionCookie")
PUBLIC = Guard("public", (), identify_anyone)
PEOPLE = Guard("people", _PERSON, identify_person)
ONESELF = Guard("people", _PERSON, identify_oneself)
NEWCOMERS = Guard("people", _PERSON, identify_newcomer)
