"""The first page, the health page, problems shown as pages, and what all pages have in common."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient

from control_ui import create_app
from control_ui.models.people import Role
from control_ui.settings import Settings
from tests.control_ui.pages.browser import sign_in
from tests.control_ui.people.cast import Cast, login
from tests.control_ui.servers import free_port

HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.fixture
def without_redis(settings: Settings) -> Iterator[Flask]:
    app = create_app(replace(settings, redis_url=f"redis://127.0.0.1:{free_port()}/0"))
    yield app
    app.extensions["carwash"].sessions.kw["bind"].dispose()


def test_the_first_page_says_who_is_signed_in_and_what_the_door_has_seen(client: FlaskClient, cast: Cast) -> None:
    login(client, "auditor@ours.test", "wrong", address="198.51.100.66")
    sign_in(client, cast[Role.AUDITOR])
    text = client.get("/account").text
    for words in ("auditor@ours.test", "Ours", "198.51.100.66", "wrong password", "this one"):
        assert words in text


def test_a_platform_administrator_sees_that_it_is_about_all_tenants(client: FlaskClient, cast: Cast) -> None:
    sign_in(client, cast[Role.PLATFORM_ADMIN])
    assert "all of them" in client.get("/account").text


def test_the_health_page_is_open_to_all_and_says_that_all_is_well(client: FlaskClient) -> None:
    answer = client.get("/health")
    assert answer.status_code == 200
    assert "Ready." in answer.text


def test_the_health_page_says_what_is_away(without_redis: Flask) -> None:
    answer = without_redis.test_client().get("/health")
    assert answer.status_code == 503
    assert "Redis cannot be reached" in answer.text


@pytest.mark.parametrize("path", ["/nothing", "/static/nothing.css", "/devices/%00"])
def test_a_browser_is_shown_a_page_that_is_not_there(client: FlaskClient, path: str) -> None:
    answer = client.get(path, headers=HTML)
    assert (answer.status_code, answer.mimetype) == (404, "text/html")
    assert answer.headers["X-Request-ID"] in answer.text


def test_programs_get_problem_documents_wherever_they_ask(client: FlaskClient) -> None:
    assert client.get("/nothing").mimetype == "application/problem+json"
    for path in ("/api/nothing", "/auth/nothing", "/api/me"):
        assert client.get(path, headers=HTML).mimetype == "application/problem+json", path


def test_a_page_that_breaks_says_so_and_keeps_its_reasons(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: object) -> None:
        raise RuntimeError("secret reasons")

    monkeypatch.setattr("control_ui.views.pages.health.readyz", broken)
    answer = client.get("/health", headers=HTML)
    assert (answer.status_code, answer.mimetype) == (500, "text/html")
    assert "secret reasons" not in answer.text


def scripts(text: str) -> list[str]:
    """What stands in each script tag, all of which are to be empty."""
    found = re.findall(r"<script([^>]*)></script>", text)
    assert len(found) == text.count("<script")
    return found


def test_pages_hold_nothing_that_the_content_policy_would_refuse(client: FlaskClient, cast: Cast) -> None:
    pages = [client.get("/login"), client.get("/health"), client.get("/nothing", headers=HTML)]
    sign_in(client, cast[Role.OPERATOR])
    pages += [client.get("/"), client.get("/password")]
    for page in pages:
        policy = page.headers["Content-Security-Policy"]
        assert "unsafe" not in policy
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        for forbidden in ("<style", " style=", "javascript:", "http://", "//cdn"):
            assert forbidden not in page.text, forbidden
        assert not re.search(r"\son[a-z]+=|\shx-on", page.text)
        assert all(re.fullmatch(r' src="/static/[^"]+"( defer| type="module")', tag) for tag in scripts(page.text))


def test_pages_are_not_kept_by_caches(client: FlaskClient, cast: Cast) -> None:
    sign_in(client, cast[Role.OPERATOR])
    assert client.get("/").headers["Cache-Control"] == "no-store"


def test_every_field_has_a_label_and_every_page_a_title_and_a_language(client: FlaskClient, cast: Cast) -> None:
    pages = [client.get("/login").text]
    sign_in(client, cast[Role.OPERATOR])
    pages += [client.get("/password").text, client.get("/account").text]
    for page in pages:
        assert '<html lang="en">' in page
        assert "<title>" in page
        assert page.count("<h1>") == 1
        ids = {part.partition('"')[0] for part in page.split('<input id="')[1:]}
        labelled = {part.partition('"')[0] for part in page.split('<label for="')[1:]}
        assert ids == labelled


def test_the_style_sheet_and_the_icon_are_ours(client: FlaskClient) -> None:
    for path, kind in (("/static/css/base.css", "text/css"), ("/static/icon.svg", "image/svg+xml")):
        with client.get(path) as answer:
            assert (answer.status_code, answer.mimetype) == (200, kind)
