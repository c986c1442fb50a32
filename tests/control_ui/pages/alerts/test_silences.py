"""Silences: begun, shown, not counted, lifted."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from control_ui.models import Silence
from control_ui.models.people import Role
from control_ui.models.scope import ALL_TENANTS, SessionFactory, open_session
from tests.control_ui.pages.alerts.conftest import Watch
from tests.control_ui.pages.browser import sign_in, submit
from tests.control_ui.people.cast import Cast, trail

FORM = {"name": "SiteOffline", "site": "East Gate", "hours": "4", "comment": "The power is off until noon"}


def silence(client: FlaskClient, **changes: str) -> TestResponse:
    return submit(client, "/alerts/silences/new", **FORM | changes)


def only(sessions: SessionFactory) -> Silence:
    with open_session(sessions, ALL_TENANTS) as session:
        return session.scalars(sa.select(Silence)).one()


def test_a_silenced_alert_is_shown_as_such_and_not_counted(
    client: FlaskClient, cast: Cast, sessions: SessionFactory, watch: Watch
) -> None:
    sign_in(client, cast[Role.OPERATOR])
    assert silence(client).status_code == 303
    assert ">1<span" in client.get("/alerts/count").text
    assert ", ends <time" in client.get("/alerts?known=silenced").text
    assert "SiteOffline" not in client.get("/alerts?known=open").text
    assert "0 of these need somebody" in client.get(f"/alerts/incidents/{watch.incident}").text
    assert client.get("/api/metrics/overview").get_json()["alerts_unacknowledged"] == 1
    assert "The power is off until noon" in client.get(f"/alerts/{watch.critical}").text
    (entry,) = trail(sessions, "silence.create")
    assert (entry.subject_name, entry.reason) == ("SiteOffline at East Gate", FORM["comment"])


@pytest.mark.parametrize(
    ("changes", "left"),
    [
        ({"site": ""}, 1),
        ({"name": ""}, 0),
        ({"name": "", "site": ""}, 0),
        ({"name": "Another"}, 2),
    ],
)
def test_a_silence_covers_what_it_names(
    client: FlaskClient, cast: Cast, watch: Watch, changes: dict[str, str], left: int
) -> None:
    sign_in(client, cast[Role.OPERATOR])
    query = "&".join(f"{name}={value}" for name, value in (FORM | changes).items() if name in ("name", "site"))
    told = client.get(f"/alerts/silences/new?{query}", headers={"HX-Target": "silence-covers"}).text
    assert f"<strong>{2 - left}</strong>" in told
    silence(client, **changes)
    assert f">{left}<span" in client.get("/alerts/count").text
    other = client.application.test_client()
    sign_in(other, cast.stranger)
    assert ">1<span" in other.get("/alerts/count").text, "another tenant's alerts are not touched"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"site": "Nowhere"}, "is not the name of a site"),
        ({"comment": " "}, "must say why"),
        ({"hours": "9999"}, "must end within 30 days"),
    ],
)
def test_what_is_wrong_stands_at_its_field_and_what_was_entered_stays(
    client: FlaskClient, cast: Cast, sessions: SessionFactory, watch: Watch, changes: dict[str, str], words: str
) -> None:
    sign_in(client, cast[Role.OPERATOR])
    answer = silence(client, **changes)
    assert answer.status_code == 422
    assert words in answer.text
    assert 'value="SiteOffline"' in answer.text
    assert trail(sessions, "silence.create") == []


def test_a_lifted_silence_counts_no_more_and_cannot_be_lifted_twice(
    client: FlaskClient, cast: Cast, sessions: SessionFactory, watch: Watch
) -> None:
    sign_in(client, cast[Role.OPERATOR])
    silence(client)
    path = f"/alerts/silences/{only(sessions).id}/lift"
    assert "1 firing alert." in client.get(path).text
    assert submit(client, path).status_code == 303
    assert ">2<span" in client.get("/alerts/count").text
    assert submit(client, path).status_code == 409
    assert "lifted" in client.get("/alerts/silences").text
    assert len(trail(sessions, "silence.lift")) == 1


def test_nobody_but_our_operators_lifts_it(
    client: FlaskClient, cast: Cast, sessions: SessionFactory, watch: Watch
) -> None:
    sign_in(client, cast[Role.OPERATOR])
    silence(client)
    path = f"/alerts/silences/{only(sessions).id}/lift"
    refused: dict[Any, int] = {cast.stranger: 404, cast[Role.VIEWER]: 403}
    for person, status in refused.items():
        other = client.application.test_client()
        sign_in(other, person)
        assert other.get(path).status_code == status
        assert submit(other, path, page="/alerts").status_code == status
    assert only(sessions).lifted_at is None


def test_the_platform_silences_a_tenants_alerts_or_its_own(client: FlaskClient, cast: Cast, watch: Watch) -> None:
    sign_in(client, cast[Role.PLATFORM_ADMIN])
    assert silence(client, name="", site="", tenant="theirs").status_code == 303
    assert silence(client, name="DatabaseFull", site="", tenant="").status_code == 303
    assert silence(client, name="", site="", tenant="nobody").status_code == 422
    assert ">2<span" in client.get("/alerts/count").text
