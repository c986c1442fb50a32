"""The people of a tenant."""

from __future__ import annotations

from control_ui.models import User
from control_ui.services import rows
from control_ui.services.people import users
from control_ui.services.people.sign_in_limits import SignInLimits
from control_ui.services.permissions import Permission
from control_ui.views.api.operation import Api, Call
from control_ui.views.api.schemas.base import ReasonIn
from control_ui.views.api.schemas.users import (
    NewUserOut,
    OneTimePasswordOut,
    UserChangeIn,
    UserIn,
    UserOut,
    UserPage,
    UserQuery,
)
from control_ui.views.state import app_state

api = Api("users", "users")


@api.get("/users", permission=Permission.USERS_MANAGE, query=UserQuery, returns=UserPage)
def list_users(call: Call, query: UserQuery) -> UserPage:
    """List people."""
    page = users.listed(
        call.session,
        search=query.search,
        role=query.role,
        disabled=query.disabled,
        limit=query.limit,
        cursor=query.cursor,
    )
    return UserPage(items=[UserOut.model_validate(user) for user in page.items], next=page.next)


@api.post("/users", permission=Permission.USERS_MANAGE, body=UserIn, returns=NewUserOut, status=201, errors=(409,))
def create_user(call: Call, body: UserIn) -> NewUserOut:
    """Make an account.

    The answer has a one-time password, which its owner has to replace at the first sign-in, within three days. It is
    for the tenant of X-Tenant, or your own; platform administrators are made without X-Tenant.
    """
    new = users.NewUser(body.email, body.name, body.role, body.timezone)
    user, one_time_password = users.create(call.session, call.actor, new, reason=body.reason, now=call.now)
    return NewUserOut(user=UserOut.model_validate(user), one_time_password=one_time_password or "")


@api.get("/users/<int:user_id>", permission=Permission.USERS_MANAGE, returns=UserOut)
def get_user(call: Call, user_id: int) -> UserOut:
    """Show one person."""
    return UserOut.model_validate(rows.fetch(call.session, User, user_id, "user"))


@api.put("/users/<int:user_id>", permission=Permission.USERS_MANAGE, body=UserChangeIn, returns=UserOut, errors=(409,))
def change_user(call: Call, user_id: int, body: UserChangeIn) -> UserOut:
    """Change name, role or time zone, disable or enable.

    Only what is given changes. Disabling ends all sessions and API tokens. Nobody changes their own role or disables
    themselves, or gives a role that may do more than their own; the last administrator stays one (409).
    """
    changes = users.Changes(body.name, body.role, body.timezone, body.disabled)
    user = users.change(call.session, call.actor, user_id, changes, reason=body.reason, now=call.now)
    return UserOut.model_validate(user)


@api.post(
    "/users/<int:user_id>/password", permission=Permission.USERS_MANAGE, body=ReasonIn, returns=OneTimePasswordOut
)
def reset_password(call: Call, user_id: int, body: ReasonIn) -> OneTimePasswordOut:
    """Give somebody a one-time password.

    Ends their sessions and unlocks their account. Your own password you change at /api/me/password.
    """
    limits = SignInLimits(app_state().redis)
    one_time_password = users.reset_password(
        call.session, limits, call.actor, user_id, reason=body.reason, now=call.now
    )
    return OneTimePasswordOut(one_time_password=one_time_password)


@api.post("/users/<int:user_id>/end-sessions", permission=Permission.USERS_MANAGE, body=ReasonIn, status=204)
def end_sessions(call: Call, user_id: int, body: ReasonIn) -> None:
    """End all sessions and access tokens of somebody. API tokens stay."""
    users.end_sessions(call.session, call.actor, user_id, reason=body.reason, now=call.now)
