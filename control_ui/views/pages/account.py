"""One's own account: who is signed in, and where."""

from __future__ import annotations

from flask import render_template

from control_ui.services.people import own_account, sign_ins
from control_ui.views import login_session
from control_ui.views.api.operation import Call
from control_ui.views.pages.page import Answer, page

MOST_SHOWN = 8


@page("/account")
def account(call: Call) -> Answer:
    """Who is signed in, where else, and what the door has seen of them."""
    signed_in = login_session.current()
    return render_template(
        "account.html",
        user=own_account.read(call.session, call.actor),
        this_id=None if signed_in is None else signed_in.sign_in.id,
        open_sign_ins=sign_ins.own(call.session, call.actor, call.now),
        history=sign_ins.history(call.session, call.actor)[:MOST_SHOWN],
    )
