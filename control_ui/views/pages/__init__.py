"""The pages, rendered here, plain HTML with a style sheet: they work without scripts.

`page.py` says how a view becomes a page; each other module has the pages of one subject.
"""

from __future__ import annotations

from flask import Flask

from control_ui.views.pages import door, health, password, problem_page, start
from control_ui.views.pages.page import blueprint

__all__ = ["door", "health", "password", "register", "start"]


def register(app: Flask) -> None:
    app.register_blueprint(blueprint)
    app.after_request(problem_page.show)
