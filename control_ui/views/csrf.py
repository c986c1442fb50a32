"""Protection against forged requests, by flask-wtf, which is untyped: nothing else imports it.

Whatever the browser's session cookie lets somebody change needs a token that no other site can read: a hidden field of
the form, or the header X-CSRFToken. Over HTTPS the Referer must be ours, too.
"""

from __future__ import annotations

import flask_wtf.csrf
from flask import Flask
from werkzeug.exceptions import BadRequest

_protection = flask_wtf.csrf.CSRFProtect()


def register(app: Flask) -> None:
    """Give templates `csrf_token()`. Nothing is checked by itself: the doors ask (see `check`)."""
    app.config["WTF_CSRF_TIME_LIMIT"] = None  # a token is good as long as its session
    _protection.init_app(app)


def check() -> None:
    """Raises BadRequest for a request that would change something and brings no valid token."""
    try:
        _protection.protect()
    except flask_wtf.csrf.CSRFError as error:
        raise BadRequest(
            f"Nothing was changed: {error.description} Reload the page and try again, with cookies allowed."
            " Programs that come with a session cookie send the token in the header X-CSRFToken."
        ) from error
