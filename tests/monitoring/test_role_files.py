"""What the roles write: what Prometheus scrapes, and how Grafana is set up. Grafana itself is not installed."""

from __future__ import annotations

import configparser
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.monitoring.rendered import METRICS_TOKEN, render

GRAFANA = {
    "grafana_apt_repository": "deb [signed-by=/etc/apt/keyrings/grafana.asc] https://packages.example.com stable main",
    "grafana_apt_key_source": "/nowhere/key.asc",
    "grafana_external_url": "https://grafana.example.com",
    "grafana_admin_password": "a-password-of-the-tests",
    "grafana_secret_key": "a-secret-key-of-the-tests",
    "grafana_alertmanager_url": "http://127.0.0.1:9093",
}


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    variables = {
        "prometheus_control_url": "https://carwash.example.com/fleet",
        "prometheus_sites_scrape_interval": "30s",
    }
    return render(tmp_path_factory.mktemp("prometheus"), variables, tags="prometheus_configure") / "prometheus"


@pytest.fixture(scope="module")
def grafana(tmp_path_factory: pytest.TempPathFactory) -> Path:
    dashboards = tmp_path_factory.mktemp("dashboards")
    (dashboards / "fleet.json").write_text('{"title": "Fleet"}')
    variables = GRAFANA | {"grafana_dashboards_source": str(dashboards)}
    return render(tmp_path_factory.mktemp("grafana"), variables, tags="grafana_configure", group="grafana")


def test_every_job_has_limits_and_sites_are_found_at_the_control_plane(prometheus: Path) -> None:
    jobs = {job["job_name"]: job for job in read(prometheus / "prometheus.yml")["scrape_configs"]}
    assert list(jobs) == ["pis", "node", "control_plane", "devices", "prometheus", "alertmanager"]
    limits = {"sample_limit", "label_limit", "label_name_length_limit", "label_value_length_limit"}
    assert all(limits <= set(job) for job in jobs.values())
    assert [jobs[name]["scrape_interval"] for name in ("pis", "node")] == ["30s", "60s"]
    for name in ("pis", "node"):
        [discovery] = jobs[name]["http_sd_configs"]
        assert discovery["url"] == "https://carwash.example.com/fleet/api/prometheus/targets"
        assert jobs[name]["target_limit"] == 2000


def test_the_control_plane_is_asked_with_its_token_at_its_own_path(prometheus: Path) -> None:
    jobs = {job["job_name"]: job for job in read(prometheus / "prometheus.yml")["scrape_configs"]}
    for name, path in (("control_plane", "/fleet/metrics"), ("devices", "/fleet/api/prometheus/devices")):
        job = jobs[name]
        assert (job["scheme"], job["metrics_path"]) == ("https", path)
        assert job["static_configs"] == [{"targets": ["carwash.example.com"]}]
        assert Path(job["authorization"]["credentials_file"]).read_text() == METRICS_TOKEN
    assert jobs["devices"]["honor_labels"] is True
    assert METRICS_TOKEN not in (prometheus / "prometheus.yml").read_text()


def test_an_alert_is_told_without_the_address_that_its_links_are_made_of(prometheus: Path) -> None:
    configuration = read(prometheus / "prometheus.yml")
    assert configuration["global"]["external_labels"] == {"control_url": "https://carwash.example.com/fleet"}
    assert configuration["alerting"]["alert_relabel_configs"] == [{"regex": "control_url", "action": "labeldrop"}]


def test_promtool_finds_nothing_to_complain_of(prometheus: Path) -> None:
    command = ["promtool", "check", "config", str(prometheus / "prometheus.yml")]
    result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    assert result.returncode == 0, result.stdout + result.stderr


def test_a_rule_that_is_broken_does_not_replace_one_that_works(tmp_path: Path) -> None:
    rules = tmp_path / "rules"
    rules.mkdir()
    (rules / "a.yml").write_text("groups: [{name: a, rules: [{alert: A, expr: up == 0}]}]")
    variables = {"prometheus_rules_source": str(rules)}
    files = render(tmp_path, variables, tags="prometheus_configure")
    deployed = files / "prometheus" / "rules" / "a.yml"
    before = deployed.read_text()
    (rules / "a.yml").write_text("groups: [{name: a, rules: [{alert: A, expr: up ==}]}]")
    with pytest.raises(AssertionError, match="failed to validate"):
        render(tmp_path, variables, tags="prometheus_configure")
    assert deployed.read_text() == before


def test_a_rule_file_that_is_gone_goes(tmp_path: Path) -> None:
    rules = tmp_path / "rules"
    rules.mkdir()
    for name in ("a.yml", "b.yml"):
        (rules / name).write_text("groups: []")
    variables = {"prometheus_rules_source": str(rules)}
    files = render(tmp_path, variables, tags="prometheus_configure")
    (rules / "b.yml").unlink()
    render(tmp_path, variables, tags="prometheus_configure")
    assert [path.name for path in (files / "prometheus" / "rules").iterdir()] == ["a.yml"]


def test_grafana_lets_nobody_in_without_a_login_and_keeps_its_secrets_in_files(grafana: Path) -> None:
    settings = configparser.ConfigParser(interpolation=None)
    settings.read(grafana / "grafana" / "grafana.ini")
    assert settings["auth.anonymous"]["enabled"] == "false"
    assert settings["users"]["allow_sign_up"] == "false"
    assert settings["security"]["cookie_secure"] == "true"
    assert settings["analytics"]["reporting_enabled"] == "false"
    text = (grafana / "grafana" / "grafana.ini").read_text()
    for name, secret in (("admin_password", "grafana_admin_password"), ("secret_key", "grafana_secret_key")):
        path = settings["security"][name].removeprefix("$__file{").removesuffix("}")
        assert Path(path).read_text() == GRAFANA[secret]
        assert GRAFANA[secret] not in text


def test_grafana_finds_its_data_and_its_dashboards(grafana: Path) -> None:
    provisioning = grafana / "grafana" / "provisioning"
    sources = read(provisioning / "datasources" / "carwash.yml")["datasources"]
    assert {source["type"]: source["url"] for source in sources} == {
        "prometheus": "http://127.0.0.1:9090", "alertmanager": "http://127.0.0.1:9093",
    }  # fmt: skip
    [provider] = read(provisioning / "dashboards" / "carwash.yml")["providers"]
    assert [path.name for path in Path(provider["options"]["path"]).iterdir()] == ["fleet.json"]
    assert provider["allowUiUpdates"] is False


def test_grafana_without_a_password_is_refused(tmp_path: Path) -> None:
    variables = {name: value for name, value in GRAFANA.items() if name != "grafana_admin_password"}
    with pytest.raises(AssertionError, match="grafana_admin_password"):
        render(tmp_path, variables, tags="grafana_configure", group="grafana")


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text())
