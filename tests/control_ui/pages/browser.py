"""What a browser does with a form: it fetches the page, and sends the hidden fields back."""

from __future__ import annotations

import html
import re

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from control_ui.models import User
from tests.control_ui.people.cast import PASSWORD


def csrf_token(client: FlaskClient, path: str = "/login") -> str:
    """The token that a page holds for this client."""
    found = re.search(r'name="csrf-token" content="([^"]+)"', client.get(path, follow_redirects=True).text)
    assert found
    return html.unescape(found[1])


def submit(client: FlaskClient, path: str, page: str | None = None, **fields: str) -> TestResponse:
    """Send a form that is on `page` (the same path unless told otherwise)."""
    return client.post(path, data={"csrf_token": csrf_token(client, page or path), **fields})


def sign_in(client: FlaskClient, user: User, password: str = PASSWORD, **fields: str) -> TestResponse:
    """Through the form."""
    return submit(client, "/login", email=user.email, password=password, **fields)


def signed_in(client: FlaskClient) -> bool:
    """Whether the start page opens."""
    return client.get("/").status_code == 200


def main_of(page: str) -> str:
    """A page without the frame around it."""
    return page.partition("<main")[2].partition("</main>")[0]
