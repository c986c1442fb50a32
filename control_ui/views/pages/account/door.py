"""Signing in and out."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import flash, redirect, render_template, request, url_for

from control_ui.models.people import SignInKind
from control_ui.models.scope import open_session
from control_ui.services.errors import ServiceError, TooManyRequestsError, UnavailableError
from control_ui.services.people import sign_ins
from control_ui.services.people.login import Credentials
from control_ui.services.people.login import login as begin_sign_in
from control_ui.services.people.sign_in_limits import SignInLimits
from control_ui.views import login_session
from control_ui.views.api.operation import Call
from control_ui.views.api.schemas.auth import LoginIn
from control_ui.views.authentication import identify_anyone
from control_ui.views.pages.account.local_path import local_path
from control_ui.views.pages.form import Problems, entered
from control_ui.views.pages.page import SEE_OTHER, Answer, blueprint, page, see_other
from control_ui.views.state import app_state

ADVICE = {"email": "Enter your e-mail address, such as name@example.com", "password": "Enter your password"}
NOT_RIGHT = 403
"""401 would have to say how else to come in."""


@blueprint.get("/login")
def login() -> Answer:
    """The form, or straight on for who is signed in already."""
    if login_session.current() is not None:
        return _onwards(request.args.get("next", ""))
    return render_template("account/login.html", problems=Problems(), email="", wanted=request.args.get("next", ""))


@blueprint.post("/login")
def sign_in() -> Answer:
    """Begin a new session, and go where the visitor wanted to go."""
    form = entered(LoginIn, ADVICE)
    if form.values is None:
        return _again(form.problems, 422)
    try:
        signed_in = _try(form.values)
    except TooManyRequestsError as error:
        return _again(Problems.of(error), error.status, {"Retry-After": str(error.retry_after_seconds)})
    except UnavailableError as error:
        return _again(Problems.of(error), error.status)
    except ServiceError as error:
        return _again(Problems.of(error), NOT_RIGHT)
    login_session.begin(signed_in)
    return _onwards(request.form.get("next", ""))


@page("/logout", methods=("POST",), newcomers=True)
def logout(call: Call) -> Answer:
    """End this session, on the server too."""
    signed_in = login_session.current()
    if signed_in is not None:
        sign_ins.end(call.session, call.actor, signed_in.sign_in.id, reason="", now=call.now)
    login_session.end()
    flash("You are signed out.")
    return see_other("login")


def _try(given: LoginIn) -> login_session.SignedIn:
    """Raises UnauthenticatedError, TooManyRequestsError, UnavailableError."""
    visitor = identify_anyone()
    with open_session(app_state().sessions, visitor.scope) as session:
        signed_in = begin_sign_in(
            session,
            SignInLimits(app_state().redis),
            visitor.actor,
            Credentials(given.email, given.password.get_secret_value()),
            kind=SignInKind.PAGES,
            user_agent=request.user_agent.string,
            now=datetime.now(UTC),
        )
    return login_session.SignedIn(signed_in.sign_in, signed_in.user)


def _again(problems: Problems, status: int, headers: dict[str, str] | None = None) -> Answer:
    """The form once more, with what was entered except for the password."""
    email = request.form.get("email", "")[:254]
    shown = render_template("account/login.html", problems=problems, email=email, wanted=request.form.get("next", ""))
    return shown, status, headers or {}


def _onwards(wanted: str) -> Answer:
    return redirect(local_path(wanted, url_for("pages.fleet")), SEE_OTHER)
