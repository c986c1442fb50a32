"""The people of a tenant, or of the platform."""

from __future__ import annotations

from flask import render_template, request, url_for

from control_ui.models import User
from control_ui.models.people import Role
from control_ui.services import rows, timezones
from control_ui.services.people import api_tokens, users
from control_ui.services.permissions import PERMISSIONS, Permission
from control_ui.views.api.operation import Call
from control_ui.views.api.schemas.users import UserChangeIn, UserIn
from control_ui.views.pages.administration.permission_words import WORDS
from control_ui.views.pages.administration.tabs import PER_PAGE, cursor, show, text
from control_ui.views.pages.ask import Question, ask
from control_ui.views.pages.form import Problems, handle
from control_ui.views.pages.frame import words
from control_ui.views.pages.page import Answer, done, page

ADVICE = {
    "email": "Enter an e-mail address, such as name@example.com",
    "name": "Enter a name, as others read it beside what this person did",
    "role": "Choose a role",
    "timezone": "Enter the name of a time zone, such as America/Chicago",
}
MANAGE = Permission.USERS_MANAGE


@page("/administration/users", permission=MANAGE)
def users_list(call: Call) -> Answer:
    """Who may come in, and as what."""
    role = request.args.get("role", "")
    found = users.listed(
        call.session,
        search=text("q"),
        role=Role(role) if role in set(Role) else None,
        disabled={"active": False, "disabled": True}.get(request.args.get("state", "")),
        limit=PER_PAGE,
        cursor=cursor(),
    )
    return show("users", "users_list", people=found, roles=[(role, words(role)) for role in Role])


@page("/administration/roles", permission=MANAGE)
def users_roles(_call: Call) -> Answer:
    """What each role may do."""
    return render_template("administration/roles.html", permissions=PERMISSIONS, roles=list(Role), words=WORDS)


@page("/administration/users/<int:user_id>", permission=MANAGE)
def users_show(call: Call, user_id: int) -> Answer:
    """One person: the account, and the API tokens."""
    user = rows.fetch(call.session, User, user_id, "user")
    tokens = api_tokens.listed(call.session, call.actor, user_id=user.id, limit=PER_PAGE, cursor=None)
    return show("user", "users_list", user=user, tokens=tokens.items, now=call.now)


@page("/administration/users/new", methods=("GET", "POST"), permission=MANAGE)
def users_new(call: Call) -> Answer:
    """Make an account, and show its one-time password once."""

    def form(problems: Problems) -> str:
        roles = role_choices(_roles(call))
        return render_template("administration/user_new.html", problems=problems, roles=roles, zones=timezones.listed())

    def work(body: UserIn) -> Answer:
        new = users.NewUser(body.email, body.name, body.role, body.timezone)
        user, password = users.create(call.session, call.actor, new, reason=body.reason, now=call.now)
        return render_template("administration/one_time_password.html", user=user, password=password, is_new=True)

    return handle(UserIn, form, work, ADVICE)


@page("/administration/users/<int:user_id>/edit", methods=("GET", "POST"), permission=MANAGE)
def users_edit(call: Call, user_id: int) -> Answer:
    """Change name, role or time zone."""
    user = rows.fetch(call.session, User, user_id, "user")
    roles = role_choices(_roles(call) if user.tenant_id is not None else [user.role])

    def form(problems: Problems) -> str:
        return render_template(
            "administration/user_edit.html",
            problems=problems,
            user=user,
            roles=roles,
            zones=timezones.listed(),
        )

    def work(body: UserChangeIn) -> Answer:
        changes = users.Changes(body.name, body.role, body.timezone)
        users.change(call.session, call.actor, user.id, changes, reason=body.reason, now=call.now)
        return done(f"{user.email} is changed.", "users_show", user_id=user.id)

    return handle(UserChangeIn, form, work, ADVICE)


@page("/administration/users/<int:user_id>/<any(disable, enable):what>", methods=("GET", "POST"), permission=MANAGE)
def users_switch(call: Call, user_id: int, what: str) -> Answer:
    """Keep somebody out, or let them in again."""
    user = rows.fetch(call.session, User, user_id, "user")
    off = what == "disable"
    say = (
        "The account stays, and so does everything it has done. All sessions and API tokens of this person end at once."
        if off
        else "This person can sign in again, with the password they had. API tokens have to be made anew."
    )
    back = url_for("pages.users_show", user_id=user.id)
    question = Question(f"{what.capitalize()} {user.email}", (say,), what.capitalize(), back, danger=off)

    def work(reason: str) -> Answer:
        users.change(call.session, call.actor, user.id, users.Changes(disabled=off), reason=reason, now=call.now)
        return done(f"{user.email} is {what}d.", "users_show", user_id=user.id)

    return ask(question, work)


def _roles(call: Call) -> list[Role]:
    """Those that can be given here: to people of a tenant, or of the platform where none was gone into."""
    if call.session.scope.tenant_id is None:
        return [Role.PLATFORM_ADMIN]
    return [role for role in Role if role != Role.PLATFORM_ADMIN and call.actor.permissions >= PERMISSIONS[role]]


def role_choices(roles: list[Role]) -> list[tuple[Role, str]]:
    """As a select takes them."""
    return [(role, words(role)) for role in roles]
