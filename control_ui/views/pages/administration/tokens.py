"""API tokens: one's own, and for who manages people also those of others."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import g, render_template, request, url_for

from control_ui.services.people import api_tokens
from control_ui.services.permissions import Permission
from control_ui.views.api.operation import Call
from control_ui.views.api.schemas.tokens import TokenIn
from control_ui.views.pages.administration.permission_words import WORDS
from control_ui.views.pages.administration.tabs import show
from control_ui.views.pages.ask import Question, ask
from control_ui.views.pages.form import Problems, fields_of, handle
from control_ui.views.pages.page import Answer, done, page

ADVICE = {
    "name": "Enter what it is for, such as the program that will use it",
    "scopes": "Choose at least one: a token without any could do nothing",
    "expires_at": "Enter a day ahead, within a year",
}
USUAL = timedelta(days=90)


@page("/administration/tokens", permission=Permission.FLEET_READ, oneself=True)
def tokens_list(call: Call) -> Answer:
    """One's own, and those of others that can still be used."""
    own = api_tokens.listed(call.session, call.actor, user_id=None, limit=api_tokens.MOST_SHOWN, cursor=None)
    others = []
    if Permission.USERS_MANAGE in call.actor.permissions:
        others = api_tokens.usable_of_others(call.session, call.actor, call.now)
    return show("tokens", "tokens_list", own=own.items[::-1], others=others, now=call.now)


@page("/administration/tokens/new", methods=("GET", "POST"), permission=Permission.FLEET_READ, oneself=True)
def tokens_new(call: Call) -> Answer:
    """Make one, and show it once."""

    def form(problems: Problems) -> str:
        return render_template(
            "administration/token_new.html",
            problems=problems,
            scopes=[(scope, words) for scope, words in WORDS.items() if scope in call.actor.permissions],
            usual=(call.now + USUAL).date(),
            latest=(call.now + api_tokens.LONGEST_LIFE - timedelta(days=1)).date(),
        )

    def work(body: TokenIn) -> Answer:
        token, secret = api_tokens.create(
            call.session,
            call.actor,
            name=body.name,
            scopes=body.scopes,
            expires_at=body.expires_at,
            reason=body.reason,
            now=call.now,
        )
        return render_template("administration/token_made.html", token=token, secret=secret)

    return handle(TokenIn, form, work, ADVICE, _given)


@page(
    "/administration/tokens/<int:token_id>/revoke",
    methods=("GET", "POST"),
    permission=Permission.FLEET_READ,
    oneself=True,
)
def tokens_revoke(call: Call, token_id: int) -> Answer:
    """End a token at once."""
    token = api_tokens.of_own_or_managed(call.session, call.actor, token_id)
    say = (f"Whatever uses {token.name} of {token.user.email} is refused from now on. This cannot be undone.",)
    question = Question(f"Revoke {token.name}", say, "Revoke", url_for("pages.tokens_list"), danger=True)

    def work(reason: str) -> Answer:
        api_tokens.revoke(call.session, call.actor, token.id, reason=reason, now=call.now)
        return done(f"{token.name} is revoked.", "tokens_list")

    return ask(question, work)


def _given() -> dict[str, Any]:
    """The day is one of the person's own zone; the token is good to its end."""
    given = fields_of(TokenIn)
    given["expires_at"] = _end_of(request.form.get("expires_at", ""))
    return given


def _end_of(day: str) -> datetime | None:
    try:
        date = datetime.fromisoformat(day).date()
    except ValueError:
        return None
    return datetime.combine(date, time(23, 59, 59), ZoneInfo(g.person.timezone)).astimezone(UTC)
