"""What Prometheus gets: where the Pis are, and figures that its own parser reads."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from flask import Flask
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy.exc import OperationalError

from control_ui import create_app
from control_ui.models import Alert, Deployment
from control_ui.models.alerts import AlertState
from control_ui.models.deployments import DeploymentState, Strategy
from control_ui.models.devices import DeviceStatus
from control_ui.models.runs import RunState
from control_ui.models.scope import ScopedSession
from control_ui.services import fleet_figures
from control_ui.services.actor import system
from control_ui.services.alertmanager import standing
from control_ui.services.audit import verify
from control_ui.services.audit.trail import Subject, record
from control_ui.settings import Settings
from control_ui.views.state import KEY
from tests.control_ui import factories
from tests.control_ui.conftest import NOW

HEADERS = {"Authorization": "Bearer metrics-token-of-the-tests"}
Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


@pytest.fixture
def fresh(settings: Settings) -> Iterator[FlaskClient]:
    """Of an application that nobody has asked for anything yet."""
    app = create_app(settings)
    yield app.test_client()
    app.extensions["carwash"].sessions.kw["bind"].dispose()
    app.extensions["carwash"].redis.close()


def scrape(client: FlaskClient) -> Samples:
    """By name and labels."""
    answer = client.get("/metrics", headers=HEADERS)
    assert (answer.status_code, answer.content_type) == (200, "text/plain; version=0.0.4; charset=utf-8")
    families = text_string_to_metric_families(answer.text)
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }


def value(samples: Samples, name: str, **labels: str) -> float | None:
    return samples.get((name, tuple(sorted(labels.items()))))


def test_targets_are_in_prometheus_own_form(client: FlaskClient, session: ScopedSession) -> None:
    tenant = factories.tenant(session, "ours")
    site = factories.site(session, tenant, name="Site east", region="north")
    factories.device(session, tenant, "pi-east", site=site, address="192.0.2.1", ring="canary")
    factories.device(session, tenant, "pi-v6", site=site, address="2001:db8::1")
    factories.device(session, tenant, "pi-named", site=site, address="pi-named.example.test")
    factories.device(session, tenant, "pi-hidden", site=site, address="")
    session.commit()
    answer = client.get("/api/prometheus/targets", headers=HEADERS)
    groups = answer.get_json()
    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    assert [group["targets"] for group in groups] == [
        ["192.0.2.1:8080"], ["pi-named.example.test:8080"], ["[2001:db8::1]:8080"],
    ]  # fmt: skip
    assert groups[0]["labels"] == {
        "tenant": "ours", "region": "north", "ring": "canary", "site": "Site east", "device": "pi-east",
        "environment": "production",
    }  # fmt: skip


def test_both_need_the_token(client: FlaskClient) -> None:
    for url in ("/api/prometheus/targets", "/metrics"):
        for headers in ({}, {"Authorization": "Bearer webhook-token-of-the-tests"}):
            answer = client.get(url, headers=headers)
            assert (answer.status_code, "CARWASH_METRICS_TOKEN" in answer.get_json()["detail"]) == (401, True)


def test_the_fleet_is_counted(client: FlaskClient, session: ScopedSession) -> None:
    tenant = factories.tenant(session, "ours")
    for status in (DeviceStatus.ONLINE, DeviceStatus.ONLINE, DeviceStatus.DEGRADED, DeviceStatus.NEVER_SEEN):
        device = factories.device(session, tenant, status=status)
    factories.device(session, factories.tenant(session, "theirs"), status=DeviceStatus.OFFLINE)
    for state in (RunState.LOST, RunState.LOST, RunState.RUNNING):
        factories.run(session, [device], state=state)
    for result in (DeploymentState.ROLLED_BACK, DeploymentState.RUNNING):
        session.add(
            Deployment(
                tenant_id=tenant.id, strategy=Strategy.ALL, target={}, state=result, requested_by="x", requested_at=NOW
            )
        )
    for number, severity in enumerate(("critical", "critical", "tragic", "odd")):
        session.add(
            Alert(
                fingerprint=str(number), name="A", severity=severity, state=AlertState.FIRING, labels={},
                starts_at=NOW, received_at=NOW,
            )
        )  # fmt: skip
    session.commit()
    found = scrape(client)
    assert value(found, "carwash_control_database_up") == 1
    assert value(found, "carwash_total_devices_online", tenant="ours") == 2
    assert value(found, "carwash_total_devices_online", tenant="theirs") == 0
    assert value(found, "carwash_devices", tenant="ours", status="never_seen") == 1
    assert value(found, "carwash_configuration_deployments_total", result="rolled_back") == 1
    assert value(found, "carwash_configuration_deployments_total", result="succeeded") == 0
    assert value(found, "carwash_alerts_active_count", severity="critical") == 2
    assert value(found, "carwash_alerts_active_count", severity="other") == 2, "severities come from outside"
    assert value(found, "carwash_runs", state="running") == 1
    assert value(found, "carwash_runs_ended_total", state="lost") == 2
    assert value(found, "carwash_oldest_queued_run_age_seconds") == 0


def test_the_first_run_in_the_queue_counts_from_when_it_is_due(session: ScopedSession) -> None:
    device = factories.device(session, factories.tenant(session))
    factories.run(session, [device], requested_at=NOW - timedelta(hours=5), not_before=NOW - timedelta(minutes=2))
    assert fleet_figures.read(session, NOW).oldest_queued_run_seconds == 120
    factories.run(session, [device], requested_at=NOW - timedelta(minutes=3))
    assert fleet_figures.read(session, NOW).oldest_queued_run_seconds == 180
    assert fleet_figures.read(session, NOW - timedelta(days=1)).oldest_queued_run_seconds == 0


def test_what_the_last_verification_of_the_trail_found_is_told(client: FlaskClient, session: ScopedSession) -> None:
    record(session, system("a test"), "thing.act", Subject("thing", 1), tenant_id=None, at=NOW)
    session.commit()
    assert value(scrape(client), "carwash_audit_chain_intact", chain="platform") is None
    verify.check(session, system("a test"), NOW)
    found = scrape(client)
    assert value(found, "carwash_audit_chain_intact", chain="platform") == 1
    assert value(found, "carwash_audit_verified_timestamp_seconds", chain="platform") == NOW.timestamp()


def test_whether_alertmanager_answers_is_told_where_one_is_asked(client: FlaskClient, session: ScopedSession) -> None:
    now = datetime.now(UTC)
    assert value(scrape(client), "carwash_alertmanager_reachable") is None
    standing.note(session, now, started_at=now, problem="")
    assert value(scrape(client), "carwash_alertmanager_reachable") == 1
    standing.note(session, now, started_at=None, problem="it is away")
    assert value(scrape(client), "carwash_alertmanager_reachable") == 0


def test_requests_are_counted_by_route_and_not_by_path(fresh: FlaskClient) -> None:
    for path in ("/healthz", "/healthz", "/api/audit/7", "/api/audit/8", "/none/1", "/none/2"):
        fresh.get(path)
    fresh.open("/healthz", method="PROPFIND")
    found = scrape(fresh)
    told = {labels: number for (name, labels), number in found.items() if name == "http_requests_total"}
    assert {tuple(label for _, label in labels): number for labels, number in told.items()} == {
        ("GET", "/healthz", "200"): 2,
        ("GET", "/api/audit/<int:entry_id>", "401"): 2,
        ("GET", "unmatched", "404"): 2,
        ("OTHER", "unmatched", "405"): 1,
    }
    count = value(found, "http_request_duration_seconds_count", method="GET", route="/healthz", status="200")
    assert count == 2
    assert value(found, "api_active_connections") == 1, "the scrape itself"
    assert value(found, "api_database_connection_pool_size") is not None


def test_a_request_that_fails_is_counted_and_is_over(fresh: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fleet_figures, "read", _failing(RuntimeError("nobody has thought of this")))
    assert fresh.get("/metrics", headers=HEADERS).status_code == 500
    monkeypatch.undo()
    found = scrape(fresh)
    assert value(found, "http_requests_total", method="GET", route="/metrics", status="500") == 1
    assert value(found, "api_active_connections") == 1


def test_without_a_database_the_requests_are_still_told(fresh: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    away = OperationalError("SELECT 1", {}, Exception("gone"))
    monkeypatch.setattr(fleet_figures, "read", _failing(away))
    fresh.get("/healthz")
    found = scrape(fresh)
    assert value(found, "carwash_control_database_up") == 0
    assert value(found, "http_requests_total", method="GET", route="/healthz", status="200") == 1
    assert value(found, "carwash_runs", state="running") is None


def test_two_applications_do_not_share_their_figures(client: FlaskClient, fresh: FlaskClient) -> None:
    client.get("/healthz")
    assert value(scrape(fresh), "http_requests_total", method="GET", route="/healthz", status="200") is None


def _failing(error: Exception) -> Callable[..., Any]:
    def read(*_arguments: object) -> None:
        raise error

    return read


def test_the_control_plane_tells_where_people_find_it_and_when_its_certificate_expires(
    client: FlaskClient, app: Flask, tmp_path: Path
) -> None:
    found = scrape(client)
    assert value(found, "carwash_control_info", public_url="http://127.0.0.1:8000") == 1
    assert not [name for name, _ in found if "certificate" in name]
    state = app.extensions[KEY]
    path = tmp_path / "fleet.pem"
    for content, expected in ((_certificate(NOW), NOW.timestamp()), (b"no certificate", 0), (None, 0)):
        path.unlink(missing_ok=True)
        if content is not None:
            path.write_bytes(content)
        app.extensions[KEY] = replace(state, settings=replace(state.settings, tls_certificate=path))
        name = "carwash_certificate_expiry_timestamp_seconds"
        assert value(scrape(client), name, certificate="fleet.pem") == expected


def _certificate(expires_at: datetime) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "fleet.example")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(expires_at - timedelta(days=90)).not_valid_after(expires_at)
    return builder.sign(key, SHA256()).public_bytes(Encoding.PEM)
