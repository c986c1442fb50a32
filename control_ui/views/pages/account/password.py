"""Choosing a new password."""

from __future__ import annotations

from flask import flash, render_template, request

from control_ui.services.errors import ServiceError
from control_ui.services.people import own_account
from control_ui.services.people.password_rules import SHORTEST
from control_ui.services.people.sign_in_limits import SignInLimits
from control_ui.views import login_session
from control_ui.views.api.operation import Call
from control_ui.views.api.schemas.me import PasswordChangeIn
from control_ui.views.pages.form import Problems, entered
from control_ui.views.pages.page import Answer, page, see_other
from control_ui.views.state import app_state

ADVICE = {"old_password": "Enter the password you signed in with", "new_password": "Enter a new password"}


@page("/password", newcomers=True)
def password(_call: Call) -> Answer:
    """The form."""
    return _form(Problems())


@page("/password", methods=("POST",), newcomers=True)
def change_password(call: Call) -> Answer:
    """Change it, end every session, and ask for it."""
    form = entered(PasswordChangeIn, ADVICE)
    if form.values is None:
        return _form(form.problems), 422
    new = form.values.new_password.get_secret_value()
    if request.form.get("repeated", "") != new:
        return _form(Problems("The password was not changed.", {"repeated": "It must be the same as above"})), 422
    old = form.values.old_password.get_secret_value()
    try:
        limits = SignInLimits(app_state().redis)
        own_account.change_password(call.session, limits, call.actor, old=old, new=new, now=call.now)
    except ServiceError as error:
        return _form(Problems.of(error)), error.status
    login_session.end()
    flash("Your password is changed. Sign in with the new one.")
    return see_other("login")


def _form(problems: Problems) -> str:
    return render_template("account/password.html", problems=problems, shortest=SHORTEST)
