"""Every role has the same shape, and its documentation says what it does by itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from roles import write_variable_tables
from tests.ansible.conftest import REPOSITORY, Ansible

ROLES = sorted(path for path in (REPOSITORY / "roles").iterdir() if (path / "tasks").is_dir())
PLAYBOOKS = sorted((REPOSITORY / "playbooks").glob("*.yml"))
CONTRACT = {
    "site", "pi", "configure", "restart", "diagnose", "rollback", "update_os", "reboot", "rotate_keys", "monitoring",
}  # fmt: skip


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def by_name(path: Path) -> str:
    return path.stem


def options(role: Path) -> dict[str, Any]:
    found: dict[str, Any] = read(role / "meta" / "argument_specs.yml")["argument_specs"]["main"]["options"]
    return found


@pytest.mark.parametrize("role", ROLES, ids=by_name)
def test_the_documented_defaults_are_the_defaults(role: Path) -> None:
    documented = {name: option["default"] for name, option in options(role).items() if "default" in option}
    assert read(role / "defaults" / "main.yml") == documented


@pytest.mark.parametrize("role", ROLES, ids=by_name)
def test_an_option_is_prefixed_described_and_typed(role: Path) -> None:
    for name, option in options(role).items():
        assert name.startswith(f"{role.name}_")
        assert option["description"]
        assert option["type"]


@pytest.mark.parametrize("role", ROLES, ids=by_name)
def test_the_readme_s_table_is_made_from_the_documented_options(role: Path) -> None:
    written = (role / "README.md").read_text(encoding="utf-8")
    assert written == write_variable_tables.readme(role), "run: python roles/write_variable_tables.py"


@pytest.mark.parametrize("role", ROLES, ids=by_name)
def test_the_role_reads_as_phases(role: Path) -> None:
    phases = [next(iter(task.values())) for task in read(role / "tasks" / "main.yml")]
    assert phases[0] == "Check that the host is fit"
    for task in read(role / "tasks" / "main.yml"):
        assert (role / "tasks" / task["ansible.builtin.import_tasks"]).is_file()


def test_every_playbook_of_the_contract_is_there() -> None:
    assert {path.stem for path in PLAYBOOKS} >= CONTRACT


@pytest.mark.parametrize("playbook", PLAYBOOKS, ids=by_name)
def test_a_playbook_is_understood_from_a_foreign_directory(ansible: Ansible, playbook: Path) -> None:
    result = ansible("ansible-playbook", "-i", REPOSITORY / "inventory" / "staging", "--syntax-check", playbook)
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("playbook", PLAYBOOKS, ids=by_name)
def test_a_playbook_says_at_its_top_what_it_does(playbook: Path) -> None:
    lines = playbook.read_text(encoding="utf-8").splitlines()
    assert lines[0] == "---"
    assert lines[1].startswith("# ")


def test_host_keys_are_always_checked() -> None:
    configuration = (REPOSITORY / "ansible.cfg").read_text(encoding="utf-8")
    assert "host_key_checking = True" in configuration
    texts = [
        path.read_text(encoding="utf-8")
        for folder in ("playbooks", "roles", "group_vars", "inventory", "plugins")
        for path in (REPOSITORY / folder).rglob("*")
        if path.is_file() and path.suffix in {".yml", ".py", ".j2", ".sh", ".cfg"}
    ]
    assert not any("StrictHostKeyChecking=no" in text for text in texts)


def test_the_agent_looks_for_the_api_where_the_api_listens() -> None:
    templates = REPOSITORY / "roles" / "pi_service" / "templates"
    for unit in ("carwash-agent", "carwash-snapshot"):
        text = (templates / f"{unit}.service.j2").read_text(encoding="utf-8")
        assert "Environment=CARWASH_LISTEN={{ pi_service_listen }}" in text.splitlines(), unit


def test_the_readme_names_every_playbook() -> None:
    text = (REPOSITORY / "playbooks" / "README.md").read_text(encoding="utf-8")
    assert [path.name for path in PLAYBOOKS if f"| `{path.name}` |" not in text] == []
