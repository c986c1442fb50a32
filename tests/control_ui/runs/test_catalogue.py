"""Which playbooks may be run, with which variables."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from control_ui import create_app
from control_ui.services.errors import InvalidError, NotFoundError, UnavailableError
from control_ui.services.runs.catalogue import Catalogue, catalogue
from control_ui.settings import Settings
from tests.control_ui.conftest import SECRET_KEY
from tests.control_ui.runs.conftest import PROJECT


def faults(error: InvalidError) -> list[str]:
    return [fault.path for fault in error.faults]


def test_only_playbooks_with_a_schema_are_on_the_list() -> None:
    assert [playbook.name for playbook in Catalogue(PROJECT).all()] == ["change", "hang", "look", "restart"]


def test_a_playbook_says_what_it_does() -> None:
    change, look = (Catalogue(PROJECT).find(name) for name in ("change", "look"))
    assert (change.mutates, change.supports_check, change.slices) == (True, True, True)
    assert (look.mutates, look.title) == (False, "Look")


@pytest.mark.parametrize("name", ["unlisted", "nothing", "../playbooks/look", "look.yml", ""])
def test_a_playbook_that_is_not_on_the_list_is_not_there(name: str) -> None:
    with pytest.raises(NotFoundError, match="may be run from here"):
        Catalogue(PROJECT).find(name)


@pytest.mark.parametrize(
    "content", ["{", "[]", "{}", '{"type": 7, "x-carwash": {}}', '{"x-carwash": {"mutates": true}}']
)
def test_a_schema_that_cannot_be_read_is_told_by_name(tmp_path: Path, content: str) -> None:
    shutil.copytree(PROJECT / "playbooks", tmp_path / "playbooks")
    (tmp_path / "playbooks" / "look.schema.json").write_text(content)
    with pytest.raises(UnavailableError, match=r"look\.schema\.json"):
        Catalogue(tmp_path).find("look")
    with pytest.raises(UnavailableError, match=r"look\.schema\.json"):
        Catalogue(tmp_path).all()


def test_a_schema_that_cannot_be_read_is_told_when_the_control_plane_starts(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalogue, "repository", catalogue.repository)  # the process's: put back after the test
    shutil.copytree(PROJECT / "playbooks", tmp_path / "playbooks")
    (tmp_path / "playbooks" / "look.schema.json").write_text("{")
    environment = {
        "SECRET_KEY": SECRET_KEY,
        "CARWASH_INSTANCE_DIR": str(tmp_path / "instance"),
        "CARWASH_REPOSITORY": str(tmp_path),
    }
    create_app(Settings.from_environment(environment))
    told = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
    assert len(told) == 1
    assert told[0].startswith("look.schema.json does not describe its playbook")


def test_a_schema_without_its_playbook_lists_nothing(tmp_path: Path) -> None:
    shutil.copytree(PROJECT / "playbooks", tmp_path / "playbooks")
    (tmp_path / "playbooks" / "look.yml").unlink()
    assert "look" not in [playbook.name for playbook in Catalogue(tmp_path).all()]


@pytest.mark.parametrize(
    ("variables", "path"),
    [
        ({"text": 7}, "$.variables.text"),
        ({"txet": "x"}, "$.variables"),
        ({"text": "x" * 101}, "$.variables.text"),
    ],
)
def test_variables_that_do_not_fit_are_told_by_path(variables: dict[str, Any], path: str) -> None:
    with pytest.raises(InvalidError) as caught:
        Catalogue(PROJECT).find("look").check_variables(variables)
    assert faults(caught.value) == [path]


def test_a_path_goes_into_lists() -> None:
    with pytest.raises(InvalidError) as caught:
        Catalogue(PROJECT).find("restart").check_variables({"restart_units": ["carwash-agent", "sshd"]})
    assert faults(caught.value) == ["$.variables.restart_units[1]"]


@pytest.mark.parametrize(
    ("variables", "path"),
    [
        ({"text": "rtsp://viewer:hunter22@192.0.2.10/"}, "$.variables.text"),
        ({"camera_password": "hunter22"}, "$.variables.camera_password"),
        ({"api": {"keys": ["a", "Bearer abcdefgh12345678"]}}, "$.variables.api.keys[1]"),
    ],
)
def test_variables_that_hold_credentials_are_refused_without_quoting_them(variables: dict[str, Any], path: str) -> None:
    with pytest.raises(InvalidError) as caught:
        Catalogue(PROJECT).find("look").check_variables(variables)
    assert faults(caught.value) == [path]
    assert "hunter22" not in json.dumps([fault.message for fault in caught.value.faults])
