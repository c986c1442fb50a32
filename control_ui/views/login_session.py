"""The pages' sessions, by flask-login, which is untyped: nothing else imports it.

The cookie is signed and names a sign-in and the epoch of its person. Whether that sign-in is still open is asked of the
database at every request, so a copied cookie is worth nothing once its owner has signed out. A cookie that comes from
another address or browser than it was given to is refused (flask-login's strong protection).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import cast

import flask_login
from flask import Flask, session

from control_ui.models import SignIn, User
from control_ui.models.scope import ALL_TENANTS, open_session
from control_ui.services.people import sign_ins
from control_ui.views.state import app_state

_USER_ID = "_user_id"
"""Where flask-login keeps what `get_id` gave."""
_TENANT = "tenant"


@dataclass(frozen=True)
class SignedIn:
    """A person at the pages, as flask-login wants one."""

    sign_in: SignIn
    user: User
    """With `tenant` loaded."""
    is_authenticated: bool = True
    is_active: bool = True
    is_anonymous: bool = False

    def get_id(self) -> str:
        return f"{self.sign_in.id}.{self.user.session_epoch}"


@dataclass(frozen=True)
class EnteredTenant:
    """The one that a platform administrator works in for a while."""

    slug: str
    name: str


def register(app: Flask) -> None:
    manager = flask_login.LoginManager(app)
    manager.session_protection = "strong"
    manager.user_loader(_load)


def begin(signed_in: SignedIn) -> None:
    """A new session: whatever somebody may have planted in the old one is gone, the CSRF token included."""
    session.clear()
    flask_login.login_user(signed_in)


def end() -> None:
    """Forget who was signed in. The service has ended the sign-in itself."""
    flask_login.logout_user()
    session.clear()


def enter(tenant: EnteredTenant | None) -> None:
    """Work in this tenant from now on, or in all of them. What one may do there is asked at every request."""
    session.pop(_TENANT, None)
    if tenant is not None:
        session[_TENANT] = [tenant.slug, tenant.name]


def tenant() -> EnteredTenant | None:
    """The tenant gone into; None for all of them, or one's own."""
    found = session.get(_TENANT)
    return None if found is None else EnteredTenant(*found)


def current() -> SignedIn | None:
    """Who is signed in. The first time in a request it opens a database session of its own: have no other one at work
    then."""
    if _USER_ID not in session:
        return None
    user = flask_login.current_user._get_current_object()
    return cast(SignedIn, user) if user.is_authenticated else None


def _load(text: str) -> SignedIn | None:
    """What flask-login asks for, with what `get_id` gave. The cookie is signed, so it is well-formed."""
    sign_in_id, epoch = (int(part) for part in text.split("."))
    with open_session(app_state().sessions, ALL_TENANTS) as database:
        sign_in = sign_ins.resume(database, sign_in_id, epoch, datetime.now(UTC))
    return None if sign_in is None else SignedIn(sign_in, sign_in.user)
