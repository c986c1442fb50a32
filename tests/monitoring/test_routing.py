"""Who is told of which alert, asked of the configuration that the role writes."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.monitoring.rendered import CONTROL_TOKEN, render
from virtual_fleet.places import REPOSITORY

PASSWORD = "password-of-the-mail-server"  # nobody's
VARIABLES: dict[str, Any] = {
    "alertmanager_smtp_smarthost": "mail.example.com:587",
    "alertmanager_smtp_from": "carwash@example.com",
    "alertmanager_smtp_username": "carwash",
    "alertmanager_smtp_password": PASSWORD,
    "alertmanager_platform_emails": ["operations@example.com"],
    "alertmanager_escalation_emails": ["duty-manager@example.com"],
    "alertmanager_dead_mans_switch_webhooks": [{"url": "https://watcher.example.com/alive"}],
    "alertmanager_tenants": [
        {"slug": "bluewave", "emails": ["wash@bluewave.example.com"]},
        {
            "slug": "sudsy",
            "webhooks": [{"url": "https://tickets.sudsy.example.com/", "token": "ticket-token"}],
            "escalation_emails": ["owner@sudsy.example.com"],
        },
    ],
}
DEVICE = {"device": "pi-1", "site": "Austin 1", "region": "south"}
TREE: list[tuple[dict[str, str], list[str]]] = [
    (
        {"alertname": "DeviceOffline", "severity": "critical", "tenant": "bluewave", **DEVICE},
        ["control-plane", "escalation-after-900s-tenant-bluewave", "tenant-bluewave"],
    ),
    (
        {"alertname": "DeviceOffline", "severity": "critical", "tenant": "sudsy", **DEVICE},
        ["control-plane", "escalation-after-900s-tenant-sudsy", "tenant-sudsy"],
    ),
    (
        {"alertname": "WideOutage", "severity": "critical", "tenant": "sudsy"},
        ["control-plane", "escalation-after-900s-tenant-sudsy", "tenant-sudsy"],
    ),
    (
        {"alertname": "CpuBusy", "severity": "warning", "tenant": "bluewave", **DEVICE},
        ["control-plane", "tenant-bluewave"],
    ),
    (
        {"alertname": "SiteNeedsAPerson", "severity": "critical", "tenant": "not-listed", **DEVICE},
        ["control-plane", "escalation-after-900s-platform", "platform"],
    ),
    ({"alertname": "CpuBusy", "severity": "warning", "tenant": "not-listed"}, ["control-plane", "platform"]),
    (
        {"alertname": "ControlPlaneDown", "severity": "critical"},
        ["control-plane", "escalation-after-900s-platform", "platform"],
    ),
    ({"alertname": "RunsBacklog", "severity": "warning"}, ["control-plane", "platform"]),
    ({"alertname": "SomethingOdd"}, ["control-plane", "platform"]),
    ({"alertname": "TransientHealed", "severity": "info", "tenant": "bluewave"}, ["control-plane", "nobody"]),
    ({"alertname": "DeadMansSwitch", "severity": "critical"}, ["control-plane", "dead-mans-switch"]),
]


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return render(tmp_path_factory.mktemp("routing"), VARIABLES, tags="alertmanager_configure") / "alertmanager"


def receivers(configuration: Path, labels: dict[str, str]) -> list[str]:
    told = [f"{name}={value}" for name, value in labels.items()]
    command = ["amtool", "config", "routes", "test", f"--config.file={configuration}", *told]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=30).stdout.strip().split(",")


@pytest.mark.parametrize(("labels", "told"), TREE, ids=[f"{a['alertname']}-{a.get('tenant', '')}" for a, _ in TREE])
def test_an_alert_reaches_these_and_no_others(rendered: Path, labels: dict[str, str], told: list[str]) -> None:
    assert receivers(rendered / "alertmanager.yml", labels) == told


Change = Callable[[dict[str, Any]], object]
CHANGES: dict[str, Change] = {
    "the control plane is the last": lambda tree: tree["routes"][0].pop("continue"),
    "the dead man's switch is gone": lambda tree: tree["routes"].pop(1),
    "info is told": lambda tree: tree["routes"].pop(2),
    "no escalation": lambda tree: tree["routes"].pop(3),
    "an escalation instead of a notification": lambda tree: tree["routes"][3].pop("continue"),
    "a tenant mistyped": lambda tree: tree["routes"][5].update(matchers=['tenant="blueweave"']),
    "a tenant's warnings are the platform's": lambda tree: tree["routes"].pop(5),
    "nobody has the rest": lambda tree: tree["routes"].pop(),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_change_of_a_route_does_not_go_unnoticed(rendered: Path, tmp_path: Path, change: Change) -> None:
    configuration = yaml.safe_load((rendered / "alertmanager.yml").read_text())
    change(configuration["route"])
    changed = tmp_path / "alertmanager.yml"
    changed.write_text(yaml.safe_dump(configuration, sort_keys=False))
    assert any(receivers(changed, labels) != told for labels, told in TREE)


def test_a_critical_alert_is_told_within_two_minutes_of_its_threshold(rendered: Path) -> None:
    """A scrape, an evaluation and the wait in its group; a group that exists already waits for its interval."""
    scrape_seconds = evaluation_seconds = 15
    quick = set()
    for route in routes(rendered):
        if 'severity="critical"' in route.get("matchers", []) and not route["receiver"].startswith("escalation-"):
            quick.add(route["receiver"])
            waits = [seconds(route["group_wait"]), seconds(route["group_interval"])]
            assert scrape_seconds + evaluation_seconds + max(waits) <= 120
    assert quick == {"tenant-bluewave", "tenant-sudsy", "platform"}


def test_what_one_cause_breaks_is_one_notification_per_tenant_and_severity(rendered: Path) -> None:
    route = yaml.safe_load((rendered / "alertmanager.yml").read_text())["route"]
    assert route["group_by"] == ["tenant", "severity"]
    own = [inner for inner in route["routes"] if inner["receiver"].startswith(("tenant-", "platform"))]
    assert own
    assert not any("group_by" in inner for inner in own)


def test_no_secret_is_in_the_configuration_and_others_cannot_read_the_files(rendered: Path) -> None:
    text = (rendered / "alertmanager.yml").read_text()
    assert not any(secret in text for secret in (PASSWORD, CONTROL_TOKEN, "ticket-token"))
    kept = {path.read_text() for path in (rendered / "secrets").iterdir()}
    assert kept == {PASSWORD, CONTROL_TOKEN, "ticket-token"}
    assert {path.stat().st_mode & 0o777 for path in (rendered / "secrets").iterdir()} == {0o640}


def test_alerts_that_the_configuration_names_are_there() -> None:
    rules = (REPOSITORY / "monitoring" / "prometheus" / "rules").glob("*.yml")
    groups = [group for path in rules for group in yaml.safe_load(path.read_text())["groups"]]
    there = {rule["alert"] for group in groups for rule in group["rules"] if "alert" in rule}
    defaults = yaml.safe_load((REPOSITORY / "roles" / "alertmanager" / "defaults" / "main.yml").read_text())
    named = {"WideOutage", "DeviceOffline", "ControlPlaneDown", "DeadMansSwitch"}
    assert named | set(defaults["alertmanager_control_plane_alerts"]) <= there


def routes(rendered: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = yaml.safe_load((rendered / "alertmanager.yml").read_text())["route"]["routes"]
    return found


def seconds(text: str) -> int:
    return int(text[:-1]) * {"s": 1, "m": 60, "h": 3600}[text[-1]]
