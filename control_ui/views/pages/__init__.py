"""The pages, rendered here: HTML that htmx keeps up to date. What they do, services do, as for the API.

`page.py` says how a view becomes a page, `frame.py` what stands around it; each folder has the pages of one section,
and the templates of the same name.
"""

from __future__ import annotations

from flask import Flask

from control_ui.views.pages import (
    account,
    administration,
    alerts,
    audit,
    configuration,
    deployments,
    fleet,
    frame,
    health,
    problem_page,
    runs,
    service,
    site,
)
from control_ui.views.pages.page import blueprint

__all__ = [
    "account",
    "administration",
    "alerts",
    "audit",
    "configuration",
    "deployments",
    "fleet",
    "health",
    "register",
    "runs",
    "service",
    "site",
]


def register(app: Flask) -> None:
    app.register_blueprint(blueprint)
    frame.register(app)
    app.after_request(problem_page.show)
