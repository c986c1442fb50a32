"""What a program with an API token may not do, whatever its scopes: it could outlive its token, or become somebody."""

from __future__ import annotations

from control_ui.services.actor import Actor
from control_ui.services.errors import ForbiddenError


def require_in_person(actor: Actor) -> None:
    """Raises ForbiddenError where an API token was shown."""
    if actor.kind == "token":
        raise ForbiddenError("passwords and tokens are not changed with an API token: sign in for this")
