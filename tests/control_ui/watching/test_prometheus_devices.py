"""What the devices told, for Prometheus: one series of each kind a device, whatever was sent, and two statements."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import event

from control_ui.models import Device, HealingCase
from control_ui.models.devices import DeviceStatus
from control_ui.models.healing import CaseState
from control_ui.models.scope import ScopedSession
from control_ui.services import device_metrics
from control_ui.services.configuration.desire import want
from control_ui.services.devices import causes
from control_ui.services.reported_metrics import MOST_INTERFACES, UNITS
from control_ui.views.state import AppState
from tests.control_ui import factories
from tests.control_ui.conftest import NOW
from tests.control_ui.devices.conftest import Fleet, agent, report
from tests.control_ui.devices.conftest import fleet as fleet

HEADERS = {"Authorization": "Bearer metrics-token-of-the-tests"}
URL = "/api/prometheus/devices"
TARGET_LABELS = {"tenant", "region", "ring", "site", "device", "environment"}
Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def scrape(client: FlaskClient) -> Samples:
    """By name and labels, those of the target left out."""
    answer = client.get(URL, headers=HEADERS)
    assert (answer.status_code, answer.content_type) == (200, "text/plain; version=0.0.4; charset=utf-8")
    found: Samples = {}
    for family in text_string_to_metric_families(answer.text):
        assert family.documentation
        for sample in family.samples:
            assert sample.labels.keys() >= TARGET_LABELS
            own = frozenset(
                item for item in sample.labels.items() if item[0] not in TARGET_LABELS or item[0] == "device"
            )
            assert (sample.name, own) not in found, "no series comes twice"
            found[sample.name, own] = sample.value
    return found


def of(samples: Samples, device: str, name: str, **labels: str) -> float | None:
    return samples.get((name, frozenset({"device": device, **labels}.items())))


def told(**changes: Any) -> dict[str, Any]:
    """The parts of a report that are kept."""
    whole = report(**changes)
    return {part: whole[part] for part in ("status", "stream", "metrics")}


def heard(session: ScopedSession, fleet: Fleet, name: str, **values: Any) -> Device:
    defaults = {"status": DeviceStatus.ONLINE, "last_seen_at": NOW, "report": told(), "token_sha256": name}
    row = factories.device(session, fleet.tenant, name, **defaults | values)
    session.commit()
    return row


def cause_of(session: ScopedSession, device: str) -> str | None:
    for metrics in device_metrics.read(session, NOW):
        if metrics.labels["device"] == device:
            return next((f.labels["cause"] for f in metrics.figures if f.name == "carwash_device_problem"), None)
    raise AssertionError(device)


def test_whoever_was_ever_heard_of_is_on_line_or_not_and_so_long_ago(
    client: FlaskClient, session: ScopedSession, fleet: Fleet
) -> None:
    heard(session, fleet, "well")
    heard(session, fleet, "unwell", status=DeviceStatus.DEGRADED)
    heard(session, fleet, "gone", status=DeviceStatus.OFFLINE)
    found = scrape(client)
    assert [of(found, name, "carwash_device_online") for name in ("well", "unwell", "gone")] == [1, 1, 0]
    assert of(found, "wash-1", "carwash_device_online") is None, "it was never seen"
    assert of(found, "well", "carwash_device_checkin_age_seconds") is not None


def test_series_have_the_labels_of_the_scrape_target(session: ScopedSession, fleet: Fleet) -> None:
    site = factories.site(session, fleet.tenant, name="Elm Street", region="north")
    heard(session, fleet, "pi-elm", site=site, ring="canary")
    labels = next(entry.labels for entry in device_metrics.read(session, NOW) if entry.labels["device"] == "pi-elm")
    assert labels == {
        "tenant": "bluewave", "region": "north", "ring": "canary", "site": "Elm Street", "device": "pi-elm",
        "environment": "production",
    }  # fmt: skip


def test_a_check_in_of_a_pi_without_an_address_becomes_its_own_metrics(
    client: FlaskClient, session: ScopedSession, fleet: Fleet
) -> None:
    fleet.device.address = ""
    session.commit()
    sent = report(
        status={"conditions": [{"name": "too_hot", "detail": "81.0"}, {"name": "made_up", "detail": ""}],
                "actions": [{"action": "restart_stream", "result": "ok", "count": 3}]},
        stream={"dropped": {"torn": 2, "corrupt": 0}, "errors": {"refused": 4, "x" * 99: 1}, "ffmpeg_pid": 77,
                "generation_rate_per_second": 0.08},
    )  # fmt: skip
    sent["metrics"]["unit_started_seconds"] = {UNITS[0]: 12.5, "other.service": 1}
    assert client.post("/api/agent/checkin", json=sent, headers=agent()).status_code == 200
    found = scrape(client)
    expected = {
        "node_cpu_usage_percent": 12.5,
        "node_memory_usage_bytes": 300_000_000,
        "carwash_memory_total_bytes": 4_000_000_000,
        "node_temperature_celsius": 51.5,
        "carwash_snapshots_published_total": 42,
        "carwash_ffmpeg_process_status": 1,
        "carwash_stream_connection_status": 1,
        "carwash_clock_synchronised": 1,
        "carwash_config_file_valid": 1,
        "carwash_snapshot_stale_after_seconds": 36,
    }
    assert {name: of(found, "wash-1", name) for name in expected} == expected
    assert of(found, "wash-1", "carwash_snapshot_errors_total", reason="torn") == 2
    assert of(found, "wash-1", "carwash_snapshot_errors_total", reason="refused") == 4
    assert of(found, "wash-1", "carwash_snapshot_errors_total", reason="ffmpeg died") == 0
    assert of(found, "wash-1", "carwash_stream_status", status="streaming") == 1
    assert of(found, "wash-1", "carwash_condition", condition="too_hot") == 1
    assert of(found, "wash-1", "carwash_unit_start_seconds", unit=UNITS[0]) == 12.5
    assert of(found, "wash-1", "carwash_self_healing_actions_total", action="restart_stream", result="ok") == 3
    assert of(found, "wash-1", "node_network_bytes_total", interface="eth0", direction="receive") == 10
    assert not [labels for _, labels in found if "made_up" in str(labels) or "x" * 40 in str(labels)]


def test_the_picture_grows_older_between_two_check_ins(session: ScopedSession, fleet: Fleet) -> None:
    heard(session, fleet, "hidden", address="", last_seen_at=NOW - timedelta(seconds=20))
    (metrics,) = device_metrics.read(session, NOW)
    ages = {figure.name: figure.value for figure in metrics.figures if figure.name.endswith("age_seconds")}
    assert ages == {"carwash_device_checkin_age_seconds": 20, "carwash_snapshot_age_seconds": 24}


@pytest.mark.parametrize(
    "values", [{"address": "192.0.2.7"}, {"address": "", "status": DeviceStatus.OFFLINE}], ids=["scraped", "silent"]
)
def test_the_pis_own_metrics_are_left_out_where_they_would_be_double_or_old(
    session: ScopedSession, fleet: Fleet, values: dict[str, Any]
) -> None:
    heard(session, fleet, "pi", **values)
    (metrics,) = device_metrics.read(session, NOW)
    assert {figure.name for figure in metrics.figures if not figure.name.startswith("carwash_device_")} == set()


@pytest.mark.parametrize(
    ("values", "cause"),
    [
        ({}, None),
        ({"report": told(status={"snapshot": None}, stream={"status": "connecting",
                         "last_error": {"reason": "unauthorized"}})},
         "the camera does not accept the user name or password"),
        ({"report": told(stream={"status": "frozen"})}, "the camera sends the same picture again and again"),
        ({"report": told(status={"conditions": [{"name": "too_hot"}]})}, "it is too hot"),
        ({"report": told(status={"conditions": [{"name": "never_heard_of"}]})}, causes.OTHER),
        ({"status": DeviceStatus.OFFLINE}, causes.NO_CONTACT),
        ({"status": DeviceStatus.OFFLINE, "token_sha256": None}, causes.REVOKED),
        ({"status": DeviceStatus.OFFLINE, "report": told(status={"conditions": [{"name": "too_hot"}]})},
         "it went silent after it had become too hot"),
        ({"report": {}}, "the stream service has not reported since it started"),
    ],
)  # fmt: skip
def test_the_likeliest_cause_is_one_of_a_known_set(
    session: ScopedSession, fleet: Fleet, values: dict[str, Any], cause: str | None
) -> None:
    heard(session, fleet, "pi", **{"status": DeviceStatus.DEGRADED} | values)
    assert cause_of(session, "pi") == cause
    assert cause is None or cause in causes.KNOWN


def test_a_configuration_that_the_pi_refused_is_told_until_it_is_wanted_no_more(
    session: ScopedSession, fleet: Fleet
) -> None:
    refusal = {"pull": {"desired_version": 7, "reason": "rtsp_url: is missing"}}
    device = heard(session, fleet, "pi", config_version=6, report=told(status=refusal), status=DeviceStatus.DEGRADED)
    want(session, device, factories.config_version(session, device, 7), expires_at=None, now=NOW)
    session.commit()

    def refused() -> float:
        (metrics,) = device_metrics.read(session, NOW)
        return next(f.value for f in metrics.figures if f.name == "carwash_device_configuration_refused")

    assert refused() == 1
    assert cause_of(session, "pi") == causes.NOT_CONFIGURED
    want(session, device, None, expires_at=None, now=NOW)
    session.commit()
    assert refused() == 0


@pytest.mark.parametrize("garbage", [[], "x", 7, {"status": 3, "stream": [1], "metrics": {"network": []}}])
def test_whatever_a_pi_sent_the_answer_is_whole(session: ScopedSession, fleet: Fleet, garbage: Any) -> None:
    parts = garbage if isinstance(garbage, dict) else dict.fromkeys(("status", "stream", "metrics"), garbage)
    heard(session, fleet, "pi", address="", report=parts)
    heard(session, fleet, "other", address="")
    assert [entry.labels["device"] for entry in device_metrics.read(session, NOW)] == ["other", "pi"]


def test_no_pi_can_make_more_series_than_there_are_to_be(session: ScopedSession, fleet: Fleet) -> None:
    parts = told(
        status={
            "actions": [{"action": f"a{n}", "result": "ok", "count": n} for n in range(500)],
            "conditions": [{"name": f"c{n}"} for n in range(500)],
        },
        stream={"errors": {f"e{n}": n for n in range(500)}, "dropped": {f"d{n}": n for n in range(500)}},
    )
    parts["metrics"]["network"] = {f"eth{n}": {"received": 1, "transmitted": 1} for n in range(500)}
    heard(session, fleet, "pi", address="", report=parts)
    (metrics,) = device_metrics.read(session, NOW)
    assert (
        len([figure for figure in metrics.figures if figure.name == "node_network_bytes_total"]) == 2 * MOST_INTERFACES
    )
    assert len(metrics.figures) < 130


def test_a_device_that_only_a_person_can_help_is_told_with_what_and_why(
    client: FlaskClient, session: ScopedSession, fleet: Fleet
) -> None:
    device = heard(session, fleet, "needy")
    heard(session, fleet, "well")
    for condition, state in (("camera_password", CaseState.ESCALATED), ("too_hot", CaseState.OPEN)):
        session.add(
            HealingCase(
                tenant_id=device.tenant_id, device_id=device.id, condition=condition, cause="camera password",
                words="", note="", since=NOW, opened_at=NOW, state=state,
            )
        )  # fmt: skip
    session.commit()
    samples = scrape(client)
    told_of = {dict(labels)["device"] for name, labels in samples if name == "carwash_healing_escalated"}
    assert told_of == {"needy"}
    labels = {"condition": "camera_password", "cause": "camera password"}
    assert of(samples, "needy", "carwash_healing_escalated", **labels) == 1


def test_five_hundred_devices_cost_as_many_statements_as_one(
    app: Flask, client: FlaskClient, session: ScopedSession, fleet: Fleet
) -> None:
    def statements() -> int:
        state: AppState = app.extensions["carwash"]
        found: list[str] = []
        engine = state.sessions.kw["bind"]

        def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
            if not statement.startswith("BEGIN"):
                found.append(statement)

        event.listen(engine, "before_cursor_execute", note)
        assert client.get(URL, headers=HEADERS).status_code == 200
        event.remove(engine, "before_cursor_execute", note)
        return len(found)

    for number in range(500):
        device = factories.device(
            session, fleet.tenant, f"pi-{number}", address="", status=DeviceStatus.ONLINE, last_seen_at=NOW,
            report=told(), config_version=6,
        )  # fmt: skip
        if number in (0, 1, 2):
            want(session, device, factories.config_version(session, device, 6), expires_at=None, now=NOW)
        if number == 0:
            session.commit()
            few = statements()
    session.commit()
    assert statements() == few == 2


def test_only_prometheus_gets_it(client: FlaskClient, fleet: Fleet) -> None:
    for headers in ({}, {"Authorization": "Bearer webhook-token-of-the-tests"}, fleet.headers()):
        answer = client.get(URL, headers=headers)
        assert (answer.status_code, "CARWASH_METRICS_TOKEN" in answer.text) == (401, True)
