"""What lets a person in: a one-time password where theirs is lost, and the end of what is open."""

from __future__ import annotations

from flask import render_template, url_for

from control_ui.models import User
from control_ui.services import rows
from control_ui.services.people import users
from control_ui.services.people.sign_in_limits import SignInLimits
from control_ui.services.permissions import Permission
from control_ui.views.api.operation import Call
from control_ui.views.pages.ask import Question, ask
from control_ui.views.pages.page import Answer, done, page
from control_ui.views.state import app_state

DAYS = users.ONE_TIME_PASSWORD_LIFE.days


@page("/administration/users/<int:user_id>/reset", methods=("GET", "POST"), permission=Permission.USERS_MANAGE)
def users_reset(call: Call, user_id: int) -> Answer:
    """Give somebody a one-time password, and show it once."""
    user = rows.fetch(call.session, User, user_id, "user")
    say = (
        f"{user.email} is signed out everywhere, and unlocked if it was locked. API tokens go on working.",
        f"A one-time password is made and shown to you once. It is good for {DAYS} days, and has to be replaced at the"
        " first sign-in.",
    )
    back = url_for("pages.users_show", user_id=user.id)

    def work(reason: str) -> Answer:
        limits = SignInLimits(app_state().redis)
        password = users.reset_password(call.session, limits, call.actor, user.id, reason=reason, now=call.now)
        return render_template("administration/one_time_password.html", user=user, password=password, is_new=False)

    return ask(Question(f"Reset the password of {user.email}", say, "Reset password", back, danger=True), work)


@page("/administration/users/<int:user_id>/end-sessions", methods=("GET", "POST"), permission=Permission.USERS_MANAGE)
def users_end_sessions(call: Call, user_id: int) -> Answer:
    """Sign somebody out everywhere."""
    user = rows.fetch(call.session, User, user_id, "user")
    say = (
        f"{user.email} has to sign in again, wherever they are. API tokens go on working: revoke them one by one, or"
        " disable the account.",
    )
    back = url_for("pages.users_show", user_id=user.id)

    def work(reason: str) -> Answer:
        users.end_sessions(call.session, call.actor, user.id, reason=reason, now=call.now)
        return done(f"{user.email} is signed out everywhere.", "users_show", user_id=user.id)

    return ask(Question(f"End all sessions of {user.email}", say, "End sessions", back, danger=True), work)
