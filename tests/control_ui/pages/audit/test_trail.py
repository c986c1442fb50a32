"""Searching the trail, and opening an entry."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient

from control_ui.models.people import Role
from control_ui.models.scope import ALL_TENANTS, SessionFactory, open_session
from control_ui.services.actor import system
from control_ui.services.audit.trail import Subject, record
from tests.control_ui.pages.audit.conftest import Trail
from tests.control_ui.pages.browser import sign_in
from tests.control_ui.people.cast import Cast


def found(client: FlaskClient, query: str) -> list[int]:
    """Ids of the entries in the list."""
    return [int(number) for number in re.findall(r'href="/audit/entries/(\d+)"', client.get(f"/audit?{query}").text)]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("subject=template", ["updated", "created"]),
        ("subject=template:7&action=template.update", ["updated"]),
        ("action=template", ["updated", "created"]),
        ("text=sharper", ["updated"]),
        ("outcome=refused&action=session.sign_in", ["refused"]),
        ("actor=operator@&subject=template&since=2020-01-01&until=2099-01-01", ["updated", "created"]),
        ("actor=operator@&since=2099-01-01", []),
        ("text=%25", []),
    ],
)
def test_the_address_says_what_is_looked_for(
    client: FlaskClient, cast: Cast, trail: Trail, query: str, names: list[str]
) -> None:
    sign_in(client, cast[Role.AUDITOR])
    assert found(client, query) == [getattr(trail, name) for name in names]


@pytest.mark.parametrize("query", ["since=yesterday", "cursor=nonsense", "until=2026-13-01"])
def test_nonsense_in_the_address_is_told(client: FlaskClient, cast: Cast, trail: Trail, query: str) -> None:
    sign_in(client, cast[Role.AUDITOR])
    answer = client.get(f"/audit?{query}")
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text


def test_older_entries_are_a_page_further(
    client: FlaskClient, cast: Cast, sessions: SessionFactory, trail: Trail
) -> None:
    with open_session(sessions, ALL_TENANTS) as session:
        for number in range(60):
            record(session, system("a test"), "test.act", Subject("test", number), tenant_id=cast.tenant.id)
        session.commit()
    sign_in(client, cast[Role.AUDITOR])
    first = client.get("/audit?subject=test").text
    older = re.search(r'href="([^"]+cursor[^"]+)">Older', first)
    assert older is not None
    path = older[1].replace("&amp;", "&")
    assert len(re.findall(r"/audit/entries/", first)) == 50
    assert len(re.findall(r"/audit/entries/", client.get(path).text)) == 10


def test_an_entry_shows_both_sides_without_secrets_and_its_neighbours(
    client: FlaskClient, cast: Cast, trail: Trail
) -> None:
    sign_in(client, cast[Role.AUDITOR])
    text = client.get(f"/audit/entries/{trail.updated}").text
    for words in ("jpeg_quality", "<pre>80</pre>", "<pre>85</pre>", "not there", "camera.user", "the same", "sharper"):
        assert words in text, words
    assert "hunter" not in text
    assert f"/audit/entries/{trail.created}" in text
    assert f"/audit/entries/{trail.refused}" in text
    assert "its content matches its hash" in text
    assert "it follows the entry before" in text


def test_text_of_others_is_never_markup(client: FlaskClient, cast: Cast, sessions: SessionFactory) -> None:
    with open_session(sessions, ALL_TENANTS) as session:
        evil = "<script>alert(1)</script>"
        entry = record(
            session, system(evil), "test.act", Subject("test", 1, evil), tenant_id=cast.tenant.id, reason=evil,
            before={evil: evil}, after=[evil],
        )  # fmt: skip
        session.commit()
    sign_in(client, cast[Role.AUDITOR])
    for path in ("/audit", f"/audit/entries/{entry.id}"):
        assert "<script>alert" not in client.get(path).text


def test_who_may_not_read_the_trail_reads_no_page_of_it(client: FlaskClient, cast: Cast, trail: Trail) -> None:
    paths = (
        "/audit", f"/audit/entries/{trail.created}", "/audit/verification", "/audit/reports", "/audit/evidence",
        "/audit/evidence/public.pem", "/audit/evidence/verify_evidence.py", "/audit/reports/1",
    )  # fmt: skip
    for role in (Role.VIEWER, Role.OPERATOR):
        other = client.application.test_client()
        sign_in(other, cast[role])
        assert [other.get(path).status_code for path in paths] == [403] * len(paths)


def test_a_stranger_finds_none_of_our_entries(client: FlaskClient, cast: Cast, trail: Trail) -> None:
    sign_in(client, cast.stranger)
    assert client.get(f"/audit/entries/{trail.created}").status_code == 404
    assert found(client, "subject=template") == [trail.theirs]
