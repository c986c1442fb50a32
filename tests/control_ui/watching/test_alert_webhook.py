"""What Alertmanager tells is kept once, updated when it is told again, and put under whose it is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from control_ui import create_app
from control_ui.models import Alert
from control_ui.models.alerts import AlertState
from control_ui.models.scope import ScopedSession
from control_ui.settings import Settings
from tests.control_ui import factories

URL = "/api/alerts/webhook"
HEADERS = {"Authorization": "Bearer webhook-token-of-the-tests"}
NEVER = "0001-01-01T00:00:00Z"


def alert(**values: Any) -> dict[str, Any]:
    """As Alertmanager 0.27 sends one."""
    labels = {"alertname": "SnapshotStale", "severity": "critical", "tenant": "ours", "device": "pi-east"}
    return {
        "status": "firing",
        "labels": labels | values.pop("labels", {}),
        "annotations": {"summary": "The picture is old"},
        "startsAt": "2026-03-04T05:00:00.123Z",
        "endsAt": NEVER,
        "generatorURL": "http://prometheus/graph",
        "fingerprint": "5ef1c2a90b7d1e22",
    } | values


def message(*alerts: dict[str, Any]) -> dict[str, Any]:
    return {
        "version": "4", "groupKey": "{}:{}", "truncatedAlerts": 0, "status": "firing", "receiver": "control",
        "groupLabels": {}, "commonLabels": {}, "commonAnnotations": {}, "externalURL": "http://alertmanager",
        "alerts": list(alerts),
    }  # fmt: skip


@pytest.fixture
def client(app: Flask, session: ScopedSession) -> FlaskClient:
    tenant = factories.tenant(session, "ours")
    factories.device(session, tenant, "pi-east")
    other = factories.tenant(session, "theirs")
    factories.device(session, other, "pi-west")
    session.commit()
    return app.test_client()


def tell(client: FlaskClient, *alerts: dict[str, Any]) -> int:
    answer = client.post(URL, json=message(*alerts), headers=HEADERS)
    assert answer.status_code == 200, answer.text
    count: int = answer.get_json()["received"]
    return count


def kept(session: ScopedSession) -> list[Alert]:
    found = list(session.scalars(sa.select(Alert).order_by(Alert.id).execution_options(populate_existing=True)))
    session.commit()
    return found


def test_an_alert_is_kept_under_its_tenant_and_device(client: FlaskClient, session: ScopedSession) -> None:
    assert tell(client, alert()) == 1
    (found,) = kept(session)
    assert (found.name, found.severity, found.state, found.ends_at) == (
        "SnapshotStale", "critical", AlertState.FIRING, None,
    )  # fmt: skip
    device = session.scalars(sa.text("SELECT id FROM devices WHERE name = 'pi-east'")).one()
    assert (found.device_id, found.annotations) == (device, {"summary": "The picture is old"})
    assert found.starts_at.isoformat(timespec="milliseconds") == "2026-03-04T05:00:00.123+00:00"


def test_the_same_alert_told_again_is_updated_and_keeps_what_people_wrote(
    client: FlaskClient, session: ScopedSession
) -> None:
    tell(client, alert())
    session.execute(sa.update(Alert).values(acknowledged_by="anna", comment="On my way"))
    session.commit()
    tell(client, alert(annotations={"summary": "Older still"}))
    tell(client, alert(status="resolved", endsAt="2026-03-04T06:00:00Z"))
    (found,) = kept(session)
    assert (found.state, found.annotations) == (AlertState.RESOLVED, {"summary": "The picture is old"})
    assert found.ends_at is not None
    assert (found.acknowledged_by, found.comment) == ("anna", "On my way")


def test_one_that_fires_again_with_the_same_start_is_firing_again(client: FlaskClient, session: ScopedSession) -> None:
    """Alertmanager resolves by itself what Prometheus stops telling, and takes it up again where it went on."""
    tell(client, alert(status="resolved", endsAt="2026-03-04T06:00:00Z"))
    tell(client, alert())
    (found,) = kept(session)
    assert (found.state, found.ends_at) == (AlertState.FIRING, None)


def test_another_start_is_another_alert(client: FlaskClient, session: ScopedSession) -> None:
    tell(client, alert(), alert(startsAt="2026-03-04T07:00:00Z"), alert(fingerprint="aa"))
    assert len(kept(session)) == 3


def test_of_two_alike_in_one_message_the_later_counts(client: FlaskClient, session: ScopedSession) -> None:
    assert tell(client, alert(), alert(status="resolved", endsAt="2026-03-04T06:00:00Z")) == 1
    assert [found.state for found in kept(session)] == [AlertState.RESOLVED]


def test_labels_that_name_nobody_known_make_it_the_platforms(client: FlaskClient, session: ScopedSession) -> None:
    for number, labels in enumerate(({"tenant": "nobody"}, {"tenant": ""}, {"device": "pi-west"}, {"device": "none"})):
        tell(client, alert(labels=labels, fingerprint=f"a{number}"))
    found = kept(session)
    assert [one.tenant_id is None for one in found] == [True, True, False, False]
    assert [one.device_id for one in found] == [None] * 4, "a device of another tenant is not this one's"


def test_a_message_of_many_is_taken_whole(client: FlaskClient, session: ScopedSession) -> None:
    many = [alert(fingerprint=f"{number:016x}") for number in range(1100)]
    assert tell(client, *many) == 1100
    assert session.scalar(sa.select(sa.func.count(Alert.id))) == 1100


def test_what_is_too_much_is_cut_and_not_refused(client: FlaskClient, session: ScopedSession) -> None:
    labels = {"alertname": "A" * 5000, "severity": "S" * 5000, "null": "a\x00b"}
    tell(client, alert(labels=labels, annotations={f"n{number}": "x" * 5000 for number in range(500)}))
    (found,) = kept(session)
    assert (len(found.name), len(found.severity), len(found.annotations)) == (100, 24, 100)
    assert {len(text) for text in found.annotations.values()} == {2000}
    assert found.labels["null"] == "ab"


def test_a_password_in_an_annotation_is_masked(client: FlaskClient, session: ScopedSession) -> None:
    tell(client, alert(annotations={"description": "rtsp://viewer:hunter22@192.0.2.1/ is away"}))
    assert kept(session)[0].annotations == {"description": "rtsp://viewer:***@192.0.2.1/ is away"}


def test_a_message_that_makes_no_sense_is_refused_and_nothing_is_kept(
    client: FlaskClient, session: ScopedSession
) -> None:
    wrong: list[tuple[dict[str, Any], str]] = [
        (message(alert(), alert(status="maybe")), "$.alerts[1].status"),
        (message(alert(startsAt="yesterday")), "$.alerts[0].startsAt"),
        (message(alert(startsAt="0001-01-01T00:00:00+14:00")), "$.alerts[0].startsAt"),
        (message(alert(fingerprint="x y")), "$.alerts[0].fingerprint"),
        (message(alert(status="resolved")), "$.alerts[0]"),
        (message() | {"version": "5"}, "$.version"),
        ({"version": "4"}, "$.alerts"),
    ]
    for body, path in wrong:
        answer = client.post(URL, json=body, headers=HEADERS)
        assert answer.status_code == 422, body
        assert answer.get_json()["faults"][0]["path"] == path
    assert kept(session) == []


def test_only_who_shows_the_token_gets_in(client: FlaskClient, app: Flask) -> None:
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Bearer metrics-token-of-the-tests"}):
        answer = client.post(URL, json=message(alert()), headers=headers)
        assert (answer.status_code, answer.mimetype) == (401, "application/problem+json")
        assert "CARWASH_ALERT_WEBHOOK_TOKEN" in answer.get_json()["detail"]


def test_without_the_setting_nobody_gets_in(settings: Settings) -> None:
    app = create_app(replace(settings, alert_webhook_token="", metrics_token=""))
    client = app.test_client()
    for headers in ({}, {"Authorization": "Bearer "}, {"Authorization": "Bearer x"}):
        answer = client.post(URL, json=message(), headers=headers)
        assert (answer.status_code, "is not set" in answer.get_json()["detail"]) == (401, True)
        assert client.get("/metrics", headers=headers).status_code == 401
    app.extensions["carwash"].sessions.kw["bind"].dispose()
    app.extensions["carwash"].redis.close()
