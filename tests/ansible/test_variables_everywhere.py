"""group_vars/ and host_vars/ count for every playbook, wherever it lies and from wherever it is called."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.ansible.conftest import REPOSITORY, Ansible

PRODUCTION = REPOSITORY / "inventory" / "production"
ENVIRONMENTS = ("production", "staging", "dev")


@pytest.mark.parametrize("environment", ENVIRONMENTS)
@pytest.mark.parametrize("name", ["group_vars", "host_vars"])
def test_an_environment_has_the_variables_beside_its_hosts(environment: str, name: str) -> None:
    link = REPOSITORY / "inventory" / environment / name
    assert link.is_symlink()
    assert link.resolve() == REPOSITORY / name


@pytest.mark.parametrize("source", [PRODUCTION, PRODUCTION / "hosts.yml"], ids=["directory", "file"])
def test_ansible_inventory_from_a_foreign_directory_finds_the_variables(ansible: Ansible, source: Path) -> None:
    result = ansible("ansible-inventory", "-i", source, "--host", "austin-tx-01", configured=False)
    assert result.returncode == 0, result.stderr
    assert {"pi_service_config", "ansible_user", "camera_host"} <= set(json.loads(result.stdout))


def test_a_playbook_from_a_foreign_directory_gets_every_site_its_own_configuration(
    ansible: Ansible, tmp_path: Path
) -> None:
    play = tmp_path / "elsewhere" / "assert.yml"
    play.parent.mkdir()
    configurations = "(groups['pis'] | map('extract', hostvars, 'pi_service_config') | list)"
    check = {
        "ansible.builtin.assert": {
            "that": [
                f"{configurations} | map(attribute='device_id') | list == groups['pis']",
                f"{configurations} | map(attribute='rtsp_url') | select('match', 'rtsp://viewer:p%40ss%2Fw%3A%20x@')"
                " | length == 500",
            ],
            "quiet": True,
        }
    }
    plays = [{"hosts": "austin-tx-01", "gather_facts": False, "connection": "local", "tasks": [check]}]
    play.write_text(json.dumps(plays), encoding="utf-8")
    password = json.dumps({"camera_password": "p@ss/w: x"})
    result = ansible("ansible-playbook", "-i", PRODUCTION, play, "-e", password, configured=False)
    assert result.returncode == 0, result.stdout[-2000:]


def test_the_repository_s_own_playbooks_find_the_sites_from_a_foreign_directory(ansible: Ansible) -> None:
    playbook = REPOSITORY / "playbooks" / "configure.yml"
    result = ansible("ansible-playbook", "-i", PRODUCTION, playbook, "--list-hosts")
    assert "hosts (500)" in result.stdout, result.stderr


def test_a_site_s_variable_wins_over_its_group_s_and_leaves_the_others(ansible: Ansible, tmp_path: Path) -> None:
    inventory = {
        "all": {
            "children": {
                "tenant_x": {
                    "hosts": {"site-1": {"pi_service_setting_jpeg_quality": 60}, "site-2": None},
                    "vars": {"pi_service_setting_jpeg_quality": 50, "pi_service_setting_snapshot_interval_seconds": 5},
                }
            },
            "vars": {"camera_host": "192.0.2.1", "ansible_connection": "local"},
        }
    }
    (tmp_path / "hosts.yml").write_text(json.dumps(inventory), encoding="utf-8")
    (tmp_path / "group_vars").symlink_to(REPOSITORY / "group_vars")
    shown = ansible("ansible", "-i", tmp_path / "hosts.yml", "all", "-m", "debug", "-a", "var=pi_service_config")
    assert shown.stdout.count("jpeg_quality: 60") == 1, shown.stdout + shown.stderr
    assert shown.stdout.count("jpeg_quality: 50") == 1, shown.stdout + shown.stderr
    assert shown.stdout.count("snapshot_interval_seconds: 5") == 2


def test_a_camera_user_without_a_password_is_refused_by_a_sentence_that_says_where_to_put_it(ansible: Ansible) -> None:
    staging = REPOSITORY / "inventory" / "staging"
    result = ansible("ansible", "-i", staging, "bench-01", "-c", "local", "-m", "debug", "-a", "var=pi_service_config")
    assert result.returncode != 0
    said = " ".join((result.stdout + result.stderr).split())
    assert "camera_password of bench-01 is not set" in said
    assert "host_vars/bench-01/vault.yml" in said


@pytest.mark.parametrize(("host", "becomes_root"), [("bench-01", True), ("localhost", False)])
def test_the_sites_are_administered_as_root_and_the_engineer_s_own_machine_is_not(
    ansible: Ansible, host: str, becomes_root: bool
) -> None:
    staging = REPOSITORY / "inventory" / "staging"
    shown = ansible("ansible", "-i", staging, host, "-m", "debug", "-a", "var=ansible_become")
    assert ("ansible_become: true" in shown.stdout) is becomes_root, shown.stdout + shown.stderr
