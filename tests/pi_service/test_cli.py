from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from pi_service.paths import Paths
from tests.pi_service.stream_unit import REPOSITORY, environment, write_config

Document = dict[str, Any]


def carwash(paths: Paths, *arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pi_service", *arguments],
        cwd=REPOSITORY,
        env=environment(paths) | {"CARWASH_LISTEN": "127.0.0.1:9"},
        input=given,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def test_check_names_every_fault_and_exits_1(paths: Paths, config_document: Document) -> None:
    result = carwash(paths, "config", "check", "-", given=json.dumps(config_document | {"decode": "magic"}))

    assert result.returncode == 1
    assert result.stderr.startswith("$.decode: ")


def test_check_of_a_valid_file_exits_0(paths: Paths, config_document: Document) -> None:
    write_config(paths, config_document)

    result = carwash(paths, "config", "check", str(paths.config))

    assert (result.returncode, result.stdout) == (0, "valid\n")


def test_apply_prints_one_json_object_on_one_line(paths: Paths, config_document: Document) -> None:
    result = carwash(paths, "config", "apply", "-", "--json", "--next-version", given=json.dumps(config_document))

    assert result.returncode == 0
    (line,) = result.stdout.splitlines()
    assert set(json.loads(line)) == {
        *("result", "tried", "old_version", "new_version", "reason", "faults", "before", "after")
    }


def test_apply_exits_1_when_refused(paths: Paths, config_document: Document) -> None:
    carwash(paths, "config", "apply", "-", given=json.dumps(config_document | {"version": 3}))

    result = carwash(paths, "config", "apply", "-", given=json.dumps(config_document))

    assert result.returncode == 1
    assert result.stderr.startswith("refused: version 3 -> 1 (version 1 is older than version 3")


def test_rollback_goes_back(paths: Paths, config_document: Document) -> None:
    for version in (1, 2):
        carwash(paths, "config", "apply", "-", given=json.dumps(config_document | {"version": version}))

    result = carwash(paths, "config", "rollback", "--json")

    assert (result.returncode, json.loads(result.stdout)["new_version"]) == (0, 1)


def test_a_file_that_is_not_there_is_named(paths: Paths) -> None:
    result = carwash(paths, "config", "apply", "/nowhere/config.json")

    assert result.returncode == 3
    assert "/nowhere/config.json" in result.stderr


def test_status_of_a_pi_without_anything_is_said_in_words(paths: Paths) -> None:
    result = carwash(paths, "status")

    assert result.returncode == 0
    assert "none that can be used" in result.stdout
    assert "is carwash-stream running?" in result.stdout


def test_status_as_json_has_every_part(paths: Paths, config_document: Document) -> None:
    write_config(paths, config_document)

    report = json.loads(carwash(paths, "status", "--json").stdout)

    assert report["config"]["version"] == 1
    assert (report["stream"]["ok"], report["snapshot"], report["last_apply"]) == (False, None, None)


def test_selftest_fails_naming_what_is_missing(paths: Paths) -> None:
    result = carwash(paths, "selftest")

    lines = dict(line.split(": ", 1) for line in result.stdout.splitlines())
    assert result.returncode == 1
    assert lines["FAIL  configuration"] == f"{paths.config}: not there"
    assert lines["ok    ffmpeg"].startswith("ffmpeg version")
    assert "FAIL  stream socket" in lines
    assert "does not answer" in lines["FAIL  snapshot API"]
    assert "info  hardware decoder" in lines


@pytest.mark.parametrize("timeout", ["0", "9999", "soon"])
def test_a_timeout_out_of_range_is_a_usage_error(paths: Paths, timeout: str) -> None:
    assert carwash(paths, "config", "rollback", "--timeout", timeout).returncode == 64, (
        "2 would say that it was tried and rolled back"
    )
