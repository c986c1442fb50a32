"""Whether the control plane can do its work: open to all, so that who cannot sign in can see why."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import render_template

from control_ui.models.scope import open_session
from control_ui.services.errors import UnavailableError
from control_ui.views.api.health import readyz
from control_ui.views.api.operation import Call
from control_ui.views.authentication import identify_anyone
from control_ui.views.pages.page import Answer, blueprint
from control_ui.views.state import app_state


@blueprint.get("/health")
def health() -> Answer:
    """What /readyz says, for people."""
    visitor = identify_anyone()
    with open_session(app_state().sessions, visitor.scope) as session:
        try:
            readyz(Call(session, visitor.actor, datetime.now(UTC)))
        except UnavailableError as error:
            return render_template("health.html", fault=error.detail), error.status
    return render_template("health.html", fault="")
