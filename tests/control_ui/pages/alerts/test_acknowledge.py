"""Acknowledging alerts, one or many."""

from __future__ import annotations

import sqlalchemy as sa
from flask.testing import FlaskClient

from control_ui.models import Alert
from control_ui.models.people import Role
from control_ui.models.scope import ALL_TENANTS, SessionFactory, open_session
from tests.control_ui.pages.alerts.conftest import Watch
from tests.control_ui.pages.browser import csrf_token, sign_in
from tests.control_ui.people.cast import Cast, trail


def acknowledge(client: FlaskClient, *ids: int, comment: str = "On my way"):  # type: ignore[no-untyped-def]
    data = {"csrf_token": csrf_token(client, "/alerts"), "id": [str(number) for number in ids], "comment": comment}
    return client.post("/alerts/acknowledge", data=data)


def test_the_question_says_how_many_alerts_and_sites(client: FlaskClient, cast: Cast, watch: Watch) -> None:
    sign_in(client, cast[Role.OPERATOR])
    text = client.get(f"/alerts/acknowledge?id={watch.critical}&id={watch.warning}").text
    assert "Acknowledge 2 alerts" in text
    assert "at 1 site," in text


def test_both_are_acknowledged_with_the_comment_and_audited(
    client: FlaskClient, cast: Cast, sessions: SessionFactory, watch: Watch
) -> None:
    sign_in(client, cast[Role.OPERATOR])
    answer = acknowledge(client, watch.critical, watch.warning)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/alerts")
    with open_session(sessions, ALL_TENANTS) as session:
        found = session.scalars(sa.select(Alert.comment).where(Alert.acknowledged_by == "operator@ours.test")).all()
    assert found == ["On my way", "On my way"]
    assert len(trail(sessions, "alert.acknowledge")) == 2
    assert 'id="alert-count"' in client.get("/alerts/count").text
    assert "hidden" in client.get("/alerts/count").text


def test_what_somebody_has_acknowledged_already_is_left_out(client: FlaskClient, cast: Cast, watch: Watch) -> None:
    sign_in(client, cast[Role.OPERATOR])
    acknowledge(client, watch.critical)
    text = client.get(f"/alerts/acknowledge?id={watch.critical}&id={watch.warning}").text
    assert "acknowledged already, and left out" in text
    again = acknowledge(client, watch.critical, watch.warning, comment="mine")
    assert again.status_code == 409
    assert "mine" in again.text
    assert "Acknowledged already" in again.text


def test_in_a_dialog_the_whole_page_goes_on(client: FlaskClient, cast: Cast, watch: Watch) -> None:
    sign_in(client, cast[Role.OPERATOR])
    data = {"csrf_token": csrf_token(client, "/alerts"), "id": str(watch.critical), "comment": ""}
    answer = client.post("/alerts/acknowledge", data=data, headers={"HX-Request": "true"})
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, f"/alerts/{watch.critical}")


def test_nothing_chosen_too_long_a_comment_and_no_token_are_refused(
    client: FlaskClient, cast: Cast, watch: Watch
) -> None:
    sign_in(client, cast[Role.OPERATOR])
    assert acknowledge(client).status_code == 422
    assert acknowledge(client, watch.critical, comment="x" * 2001).status_code == 422
    assert client.post("/alerts/acknowledge", data={"id": str(watch.critical)}).status_code == 400


def test_a_viewer_and_a_stranger_acknowledge_nothing(
    client: FlaskClient, cast: Cast, sessions: SessionFactory, watch: Watch
) -> None:
    sign_in(client, cast[Role.VIEWER])
    assert acknowledge(client, watch.critical).status_code == 403
    other = client.application.test_client()
    sign_in(other, cast.stranger)
    assert acknowledge(other, watch.critical).status_code == 404
    assert trail(sessions, "alert.acknowledge") == []
