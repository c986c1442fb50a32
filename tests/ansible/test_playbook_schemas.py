"""The playbooks an operator may start: each has a form of its variables, and the form says what the playbook does."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from plugins.modules import carwash_config
from tests.ansible.conftest import REPOSITORY, Ansible

PLAYBOOKS = REPOSITORY / "playbooks"
STARTABLE = ("configure", "diagnose", "pi", "reboot", "restart", "rollback", "site", "update_os")
SERIALS = ("rings", "all at once")


@cache
def schema(name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((PLAYBOOKS / f"{name}.schema.json").read_text(encoding="utf-8"))
    return document


@cache
def files(name: str) -> tuple[Path, ...]:
    """The playbook, what it imports, its files of variables, and the files of its roles."""
    playbook = PLAYBOOKS / f"{name}.yml"
    text = playbook.read_text(encoding="utf-8")
    found = [playbook]
    for imported in re.findall(r"import_playbook: (\w+)\.yml", text):
        found += files(imported)
    found += [PLAYBOOKS / path for path in re.findall(r"vars_files: \[([\w/.]+)\]", text)]
    for role in re.findall(r"(?:- role|name): (\w+)$", text, re.M):
        found += (path for path in (REPOSITORY / "roles" / role).rglob("*.yml") if "meta" not in path.parts)
    return tuple(found)


def text_of(name: str) -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in files(name))


def head_of(name: str) -> str:
    """The comments at the top of the playbook, and of the one it is said to be like."""
    lines = (PLAYBOOKS / f"{name}.yml").read_text(encoding="utf-8").splitlines()[1:]
    head = "\n".join(line for line in lines[: next(i for i, line in enumerate(lines) if not line.startswith("#"))])
    return head + (head_of("pi") if "as in pi.yml" in head else "")


def default_of(name: str, variable: str) -> Any:
    """The value that the playbook uses for a variable that is not given, None where there is no fixed one."""
    places = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in files(name)]
    for variables in (place for place in places if isinstance(place, dict)):
        if variable in variables and "{{" not in str(variables[variable]):
            return variables[variable]
    argument = re.search(rf"\b{variable} \| default\(([^)]*)\)", text_of(name))
    if argument is None:
        return None
    if argument[1] == "omit":
        return default_of_the_module(name, variable)
    return places[0][0].get("vars", {}).get(argument[1], yaml.safe_load(argument[1]))


def default_of_the_module(name: str, variable: str) -> Any:
    """Where a variable is handed on to our own module only if it is given, the module's default counts."""
    option = re.search(rf'(\w+): "{{{{ {variable} \| default\(omit\)', text_of(name))
    assert option is not None
    return yaml.safe_load(carwash_config.DOCUMENTATION)["options"][option[1]]["default"]


PROPERTIES = [(name, variable) for name in STARTABLE for variable in schema(name)["properties"]]


def test_these_and_no_others_can_be_started() -> None:
    assert (
        tuple(sorted(path.name.removesuffix(".schema.json") for path in PLAYBOOKS.glob("*.schema.json"))) == STARTABLE
    )


def test_the_readme_says_why_keys_are_not_rotated_from_the_control_plane() -> None:
    assert "`rotate_keys.yml` has no schema" in (PLAYBOOKS / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", STARTABLE)
def test_a_schema_is_one_and_says_what_the_playbook_does_to_sites(name: str) -> None:
    document = schema(name)
    Draft202012Validator.check_schema(document)
    assert document["title"]
    assert document["description"]
    assert document["x-carwash"].keys() == {"mutates", "supports_check", "serial", "slices"}
    assert document["x-carwash"]["mutates"] is (name != "diagnose")
    assert document["x-carwash"]["supports_check"] is True
    assert document["x-carwash"]["serial"] in SERIALS


@pytest.mark.parametrize("name", STARTABLE)
def test_rings_are_where_the_playbook_has_them(name: str) -> None:
    rings = "vars/rollout.yml" in {
        str(path.relative_to(PLAYBOOKS)) for path in files(name) if PLAYBOOKS in path.parents
    }
    assert (schema(name)["x-carwash"]["serial"] == "rings") is rings
    assert ("rollout_max_fail_percentage" in schema(name)["properties"]) is rings
    if "rollout_serial" in schema(name)["properties"]:
        assert schema(name)["x-carwash"]["slices"] is False


@pytest.mark.parametrize("name", STARTABLE)
def test_what_the_playbook_does_not_know_is_refused(name: str) -> None:
    validator = Draft202012Validator(schema(name))
    assert validator.is_valid({})
    for variable in ("hosts", "ansible_become", "pi_service_config_overrides", "diagnose_directory"):
        assert not validator.is_valid({variable: "x"})


@pytest.mark.parametrize(("name", "variable"), PROPERTIES)
def test_a_variable_is_described_bounded_used_and_documented(name: str, variable: str) -> None:
    described = schema(name)["properties"][variable]
    assert described["title"]
    assert described["description"]
    assert described.keys() & {"enum", "minimum", "pattern", "maxLength", "items"} or described["type"] == "boolean"
    assert re.search(rf"\b{variable}\b", re.sub(r"^\s*#.*$", "", text_of(name), flags=re.M)), "it is used nowhere"
    assert variable in head_of(name), f"the comment at the top of {name}.yml does not name it"


@pytest.mark.parametrize(("name", "variable"), PROPERTIES)
def test_a_default_is_the_playbook_s_own(name: str, variable: str) -> None:
    described = schema(name)["properties"][variable]
    used = default_of(name, variable)
    if isinstance(used, list) and described.get("type") == "string":
        (used,) = used  # one batch size
    assert described.get("default", "") == ("" if used is None else used)
    if "default" in described:
        assert Draft202012Validator(described).is_valid(described["default"])


@pytest.mark.parametrize(
    ("name", "variables"),
    [
        ("pi", {"rollout_serial": "0"}),
        ("pi", {"rollout_serial": "110%"}),
        ("pi", {"rollout_serial": "{{ 5 }}"}),
        ("pi", {"rollout_max_fail_percentage": 101}),
        ("restart", {"restart_units": ["ssh"]}),
        ("restart", {"restart_units": []}),
        ("diagnose", {"diagnose_journal_lines": "40; reboot"}),
        ("rollback", {"rollback_release": "../../etc"}),
        ("rollback", {"rollback_scope": "all"}),
        ("reboot", {"reboot_timeout_seconds": 0}),
        ("update_os", {"update_os_reboot": "yes"}),
        ("configure", {"pi_service_config_timeout_seconds": 0}),
    ],
)
def test_values_that_make_no_sense_are_refused(name: str, variables: dict[str, Any]) -> None:
    assert not Draft202012Validator(schema(name)).is_valid(variables)


@pytest.mark.parametrize(
    ("name", "variables"),
    [
        ("pi", {"rollout_serial": "1", "rollout_max_fail_percentage": 0}),
        ("pi", {"rollout_serial": "100%"}),
        ("restart", {"restart_units": ["carwash-agent"]}),
        ("rollback", {"rollback_scope": "both", "rollback_release": "0.1.0-0123456789ab", "rollback_reason": "dark"}),
    ],
)
def test_values_that_make_sense_are_taken(name: str, variables: dict[str, Any]) -> None:
    assert Draft202012Validator(schema(name)).is_valid(variables)


def test_a_report_goes_where_the_run_has_its_own_and_is_returned(ansible: Ansible, tmp_path: Path) -> None:
    inventory = tmp_path / "hosts.yml"
    inventory.write_text("pis: {hosts: {site-1: {ansible_connection: local}}}\n", encoding="utf-8")
    result = ansible(
        *("ansible-playbook", "-i", inventory, PLAYBOOKS / "diagnose.yml", "-e", "diagnose_journal_lines=1"),
        variables={"CARWASH_REPORTS_DIRECTORY": str(tmp_path / "reports")},
    )
    assert result.returncode == 0, result.stdout + result.stderr
    report = (tmp_path / "reports" / "diagnose" / "site-1.txt").read_text(encoding="utf-8")
    assert report.startswith("Report on site-1 (), address localhost\n\n")
    returned = result.stdout.partition("TASK [Return the report]")[2]
    assert "Report on site-1" in returned
    assert "== Units ==" in returned


def test_without_a_run_of_the_control_plane_a_report_is_written_only(ansible: Ansible, tmp_path: Path) -> None:
    inventory = tmp_path / "hosts.yml"
    inventory.write_text("pis: {hosts: {site-1: {ansible_connection: local}}}\n", encoding="utf-8")
    directory = f"diagnose_directory={tmp_path / 'mine'}"
    result = ansible("ansible-playbook", "-i", inventory, PLAYBOOKS / "diagnose.yml", "-e", directory)
    assert result.returncode == 0, result.stdout + result.stderr
    assert (tmp_path / "mine" / "site-1.txt").exists()
    assert "Report on site-1" not in result.stdout
