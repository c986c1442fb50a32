"""One's own account: who is signed in, and where."""

from __future__ import annotations

from flask import render_template, url_for

from control_ui.services import timezones
from control_ui.services.people import own_account, sign_ins
from control_ui.views import login_session
from control_ui.views.api.operation import Call
from control_ui.views.api.schemas.me import ProfileIn
from control_ui.views.pages.ask import Question, ask
from control_ui.views.pages.form import Problems, handle
from control_ui.views.pages.page import Answer, done, page, see_other

ADVICE = {
    "name": "Enter your name, as others read it beside what you did",
    "timezone": "Enter the name of a time zone, such as America/Chicago",
}


@page("/account", oneself=True)
def account(call: Call) -> Answer:
    """Who is signed in, where else, and what the door has seen of them."""
    signed_in = login_session.current()
    return render_template(
        "account/profile.html",
        user=own_account.read(call.session, call.actor),
        this_id=None if signed_in is None else signed_in.sign_in.id,
        open_sign_ins=sign_ins.own(call.session, call.actor, call.now),
        history=sign_ins.history(call.session, call.actor),
    )


@page("/account/edit", methods=("GET", "POST"), oneself=True)
def account_edit(call: Call) -> Answer:
    """Change name and time zone."""
    user = own_account.read(call.session, call.actor)

    def show(problems: Problems) -> str:
        return render_template("account/edit.html", problems=problems, user=user, zones=timezones.listed())

    def work(body: ProfileIn) -> Answer:
        own_account.change_profile(call.session, call.actor, name=body.name, timezone=body.timezone, now=call.now)
        return done("Your profile is changed.", "account")

    return handle(ProfileIn, show, work, ADVICE)


@page("/account/sign-ins/<int:sign_in_id>/end", methods=("GET", "POST"), oneself=True)
def account_end_sign_in(call: Call, sign_in_id: int) -> Answer:
    """Sign out somewhere else, or here."""
    sign_in = sign_ins.one_of_own(call.session, call.actor, sign_in_id)
    signed_in = login_session.current()
    here = signed_in is not None and signed_in.sign_in.id == sign_in.id
    say = (
        f"Whoever uses it there has to sign in again: {sign_in.user_agent or 'a program'} at {sign_in.remote_address}."
    )
    question = Question(
        "Sign out here" if here else "Sign out there",
        ("This is the browser you are looking at.",) if here else (say,),
        "Sign out",
        url_for("pages.account"),
        danger=True,
        wants_reason=False,
    )

    def work(_reason: str) -> Answer:
        sign_ins.end(call.session, call.actor, sign_in_id, reason="ended from another place", now=call.now)
        if not here:
            return done("That session is ended.", "account")
        login_session.end()
        return see_other("login")

    return ask(question, work)
