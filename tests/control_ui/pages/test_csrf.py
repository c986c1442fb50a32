"""Requests that another site makes a browser send."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from control_ui.models.people import Role
from control_ui.views.pages.page import blueprint
from tests.control_ui import factories
from tests.control_ui.pages.browser import csrf_token, sign_in, signed_in
from tests.control_ui.people.cast import PASSWORD, Cast

HTTPS = "https://control.example"


@pytest.fixture
def inside(client: FlaskClient, cast: Cast) -> FlaskClient:
    """An administrator's browser."""
    sign_in(client, cast[Role.ADMIN])
    return client


def example(rule: str) -> str:
    """A path that fits it: `/runs/<int:run_id>/<any(pause, resume):what>` is `/runs/1/pause`."""
    return re.sub(r"<any\((\w+)[^>]*>", r"\1", re.sub(r"<(?!any)[^>]*>", "1", rule))


def test_every_form_of_the_pages_needs_a_token(app: Flask, inside: FlaskClient) -> None:
    """Whatever pages there are: the blueprint checks before any view does."""
    unsafe = {
        example(rule.rule)
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith(f"{blueprint.name}.") and rule.methods and "POST" in rule.methods
    }
    assert unsafe >= {"/login", "/logout", "/password"}
    for path in unsafe:
        answer = inside.post(path, headers={"Accept": "text/html"})
        assert answer.status_code == 400, path
        assert "Nothing was changed" in answer.text
    assert signed_in(inside)


def test_signing_in_needs_one_too(client: FlaskClient, cast: Cast) -> None:
    """Or a stranger could sign somebody in as himself, to see what they enter."""
    data = {"email": "admin@ours.test", "password": PASSWORD}
    assert client.post("/login", data=data).status_code == 400
    assert not signed_in(client)


def test_another_browsers_token_is_no_good(app: Flask, inside: FlaskClient) -> None:
    foreign = csrf_token(app.test_client())
    assert inside.post("/logout", data={"csrf_token": foreign}).status_code == 400
    assert signed_in(inside)


def test_the_api_needs_the_header_where_only_the_cookie_speaks(inside: FlaskClient) -> None:
    body = {"name": "Forged"}
    refused = inside.put("/api/me", json=body)
    assert (refused.status_code, refused.mimetype) == (400, "application/problem+json")
    assert "X-CSRFToken" in refused.get_json()["detail"]
    assert inside.put("/api/me", json=body, headers={"X-CSRFToken": "nonsense"}).status_code == 400
    token = csrf_token(inside, "/")
    assert inside.put("/api/me", json=body, headers={"X-CSRFToken": token}).status_code == 200


def test_reading_needs_none(inside: FlaskClient) -> None:
    assert inside.get("/api/me").status_code == 200


def test_who_shows_a_token_of_their_own_needs_none(client: FlaskClient, cast: Cast) -> None:
    assert client.put("/api/me", json={"name": "Mine"}, headers=factories.headers(cast[Role.ADMIN])).status_code == 200


def test_a_wrong_token_of_the_api_is_not_made_up_for_by_the_cookie(inside: FlaskClient) -> None:
    for header in ("Bearer nonsense", "Bearer cw_pat_nonsense", "Basic YTpi", "nonsense"):
        assert inside.get("/api/me", headers={"Authorization": header}).status_code == 401, header


def test_over_https_the_request_must_come_from_a_page_of_ours(client: FlaskClient, cast: Cast) -> None:
    def send(referer: str | None) -> int:
        with client.session_transaction(base_url=HTTPS) as session:
            session.clear()
        page = client.get("/login", base_url=HTTPS).text
        data = {
            "csrf_token": page.partition('name="csrf_token" value="')[2].partition('"')[0],
            "email": "admin@ours.test",
            "password": PASSWORD,
        }
        headers = {} if referer is None else {"Referer": referer}
        return client.post("/login", data=data, base_url=HTTPS, headers=headers).status_code

    assert send(None) == 400
    assert send("https://evil.example/login") == 400
    assert send("https://control.example.evil.example/") == 400
    assert send(f"{HTTPS}/login") == 303
