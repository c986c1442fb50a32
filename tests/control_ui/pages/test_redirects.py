"""Where somebody is sent, and by whom that could be misused."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from control_ui.models.people import Role
from control_ui.views.pages.account.local_path import local_path
from tests.control_ui.pages.browser import sign_in, submit
from tests.control_ui.people.cast import Cast

ELSEWHERE = [
    "https://evil.example/",
    "//evil.example/",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    " //evil.example",
    "javascript:alert(1)",
    "evil.example",
    "",
    "/x\r\nSet-Cookie: a=b",
    "/" + "x" * 600,
]


@pytest.mark.parametrize("wanted", ELSEWHERE)
def test_what_is_no_path_of_ours_is_not_gone_to(wanted: str) -> None:
    assert local_path(wanted, "/start") == "/start"


@pytest.mark.parametrize("wanted", ["/", "/devices?status=offline&page=2", "/runs/7#host-3", "/a//b", "/%2F%2Fx"])
def test_a_path_of_ours_is(wanted: str) -> None:
    assert local_path(wanted, "/start") == wanted


def test_nobody_is_sent_elsewhere_after_signing_in(client: FlaskClient, cast: Cast) -> None:
    for wanted in ELSEWHERE:
        answer = sign_in(client, cast[Role.OPERATOR], next=wanted)
        assert (answer.status_code, answer.headers["Location"]) == (303, "/"), wanted
        assert client.get("/login", query_string={"next": wanted}).headers["Location"] == "/"
        submit(client, "/logout", page="/")
        client.application.extensions["carwash"].redis.flushall()  # so many sign-ins in a minute are too many


def test_who_wanted_a_page_gets_it_after_signing_in(client: FlaskClient, cast: Cast) -> None:
    asked = client.get("/password?from=mail&x=1")
    assert (asked.status_code, asked.headers["Location"]) == (303, "/login?next=/password?from%3Dmail%26x%3D1")
    assert 'name="next" value="/password?from=mail&amp;x=1"' in client.get(asked.headers["Location"]).text
    answer = sign_in(client, cast[Role.OPERATOR], next="/password?from=mail&x=1")
    assert answer.headers["Location"] == "/password?from=mail&x=1"


def test_a_forged_host_gets_into_no_answer(client: FlaskClient, cast: Cast) -> None:
    for path in ("/", "/login", "/health", "/nothing"):
        answer = client.get(path, headers={"Host": "evil.example", "Accept": "text/html"})
        assert "evil.example" not in answer.text + str(answer.headers), path
    client.set_cookie("session", "", domain="evil.example")
