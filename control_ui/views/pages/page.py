"""From a function to a page: who may see it, and what may be changed from it.

    @page("/devices", permission=Permission.FLEET_READ)
    def devices(call: Call) -> Answer:
        '''The list of devices.'''

Whoever is not signed in is asked to, and comes back. Every form is checked for its CSRF token before anything else.

What asks before it does something is a page of its own with a template that extends `dialog.html`: a link with
`hx-get` and `hx-target="#dialog-content"` shows it in a dialog, and without scripts it is simply the next page.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from datetime import UTC, datetime

from flask import Blueprint, flash, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from control_ui.models.scope import open_session
from control_ui.services.errors import NotFoundError
from control_ui.services.permissions import Permission
from control_ui.views import csrf, login_session
from control_ui.views.api.operation import LARGEST_ID, Call
from control_ui.views.authentication import by_session
from control_ui.views.state import app_state

blueprint = Blueprint("pages", __name__)
blueprint.before_request(csrf.check)

SEE_OTHER = 303
Answer = ResponseReturnValue
View = Callable[..., Answer]


def page(
    rule: str, *, methods: tuple[str, ...] = ("GET",), permission: Permission | None = None, newcomers: bool = False
) -> Callable[[View], View]:
    """A page for people who are signed in; with `newcomers` also for those who still have a one-time password."""

    def decorate(view: View) -> View:
        section = view.__module__.removeprefix(f"{__package__}.").partition(".")[0]

        @functools.wraps(view)
        def handle(**path: object) -> Answer:
            signed_in = login_session.current()
            if signed_in is None:
                if "HX-Request" in request.headers:  # the page itself is to be asked for again, not a part of it
                    return Response(status=204, headers={"HX-Refresh": "true"})
                wanted = request.full_path.rstrip("?") if request.method == "GET" else None
                return see_other("login", wanted)
            if signed_in.user.password_expires_at is not None and not newcomers:
                return see_other("password")
            identity = by_session(signed_in)
            if permission is not None:
                identity.actor.require(permission)
            if any(isinstance(value, int) and value > LARGEST_ID for value in path.values()):
                raise NotFoundError("no row has so large an id")
            g.person, g.actor, g.section = signed_in.user, identity.actor, section
            with open_session(app_state().sessions, identity.scope) as session:
                return view(Call(session, identity.actor, datetime.now(UTC)), **path)

        blueprint.add_url_rule(rule, view.__name__, handle, methods=list(methods))
        return view

    return decorate


def see_other(name: str, wanted: str | None = None) -> Response:
    """Send the browser to another page (303), from where it goes on to `wanted`. The address is a path: no Host header
    gets into it."""
    return redirect(url_for(f"pages.{name}", next=wanted), SEE_OTHER)


def done(message: str, name: str, **values: object) -> Response:
    """What was asked for is done: say so, on the page it leads to. From a dialog the whole page goes there."""
    flash(message)
    target = url_for(f"pages.{name}", **values)  # type: ignore[arg-type]  # what a rule takes
    if "HX-Request" in request.headers:
        return Response(status=204, headers={"HX-Redirect": target})
    return redirect(target, SEE_OTHER)
