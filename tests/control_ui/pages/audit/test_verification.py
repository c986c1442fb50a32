"""Verifying the trail at the page."""

from __future__ import annotations

from flask.testing import FlaskClient

from control_ui.models.people import Role
from control_ui.models.scope import ScopedSession
from tests.control_ui.audit import tampering
from tests.control_ui.pages.audit.conftest import Trail
from tests.control_ui.pages.browser import sign_in, submit
from tests.control_ui.people.cast import Cast

PATH = "/audit/verification"


def test_a_whole_trail_is_told_to_be_whole_and_the_result_is_kept(
    client: FlaskClient, cast: Cast, trail: Trail
) -> None:
    sign_in(client, cast[Role.AUDITOR])
    assert "never verified" in client.get(PATH).text
    answer = submit(client, PATH)
    assert answer.status_code == 200
    assert "The trail is whole." in answer.text
    assert "auditor@ours.test" in client.get(PATH).text


def test_the_first_broken_entry_is_named_and_linked(
    client: FlaskClient, cast: Cast, session: ScopedSession, trail: Trail
) -> None:
    tampering.execute(session, "UPDATE audit_entries SET reason = 'nothing' WHERE id = :id", id=trail.updated)
    sign_in(client, cast[Role.AUDITOR])
    text = submit(client, PATH).text
    assert "The trail is not as it was written." in text
    assert f'href="/audit/entries/{trail.updated}"' in text
    entry = client.get(f"/audit/entries/{trail.updated}").text
    assert "its content does not match its hash" in entry


def test_without_a_token_nothing_is_verified(client: FlaskClient, cast: Cast) -> None:
    sign_in(client, cast[Role.AUDITOR])
    assert client.post(PATH).status_code == 400
