"""The carwash_config action: one command with the configuration on its standard input, and what its report becomes.

The command is a stand-in that notes what it was given and prints a report; the real one is tried on virtual sites.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.ansible.conftest import REPOSITORY, Ansible

PASSWORD = "s3cret-of-the-camera"
CONFIG = {"device_id": "site-1", "rtsp_url": f"rtsp://viewer:{PASSWORD}@192.0.2.1:554/", "snapshot_interval_seconds": 5}
REDACTED = CONFIG | {"rtsp_url": "rtsp://viewer:***@192.0.2.1:554/"}
APPLIED = {
    "result": "applied",
    "tried": True,
    "old_version": 3,
    "new_version": 4,
    "reason": None,
    "faults": [],
    "before": REDACTED | {"version": 3, "snapshot_interval_seconds": 12},
    "after": REDACTED | {"version": 4},
}
STAND_IN = """\
#!/bin/sh
echo "$@" >> "{folder}/arguments"
cat > "{folder}/input"
cat "{folder}/report"
exit "$(cat "{folder}/status")"
"""


@dataclass
class Outcome:
    """What Ansible said, and what the command was given."""

    process: subprocess.CompletedProcess[str]
    folder: Path

    @property
    def said(self) -> str:
        return self.process.stdout + self.process.stderr

    @property
    def result(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.folder / "result.json").read_text())
        return found

    @property
    def calls(self) -> list[str]:
        log = self.folder / "arguments"
        return log.read_text().splitlines() if log.exists() else []


Apply = Callable[..., Outcome]


@pytest.fixture
def apply(ansible: Ansible, tmp_path: Path) -> Apply:
    def run(
        report: dict[str, Any] | str, *options: str, status: int = 0, config: Any = CONFIG, **arguments: Any
    ) -> Outcome:
        (tmp_path / "report").write_text(report if isinstance(report, str) else json.dumps(report) + "\n")
        (tmp_path / "status").write_text(str(status))
        command = tmp_path / "bin" / "carwash"
        command.parent.mkdir(exist_ok=True)
        if status != 127:
            command.write_text(STAND_IN.format(folder=tmp_path))
            command.chmod(0o755)
        play = tmp_path / "play.yml"
        play.write_text(json.dumps(_plays(config, arguments, tmp_path)))
        search = {"PATH": f"{command.parent}:{os.environ['PATH']}"}
        return Outcome(ansible("ansible-playbook", "-i", "site-1,", play, *options, variables=search), tmp_path)

    return run


def _plays(config: Any, arguments: dict[str, Any], folder: Path) -> list[dict[str, Any]]:
    tasks = [
        {"name": "Apply", "carwash_config": arguments, "register": "outcome", "ignore_errors": True},
        {"copy": {"content": "{{ outcome | to_json }}", "dest": f"{folder}/result.json"}, "check_mode": False},
    ]
    variables = {"ansible_connection": "local"} | ({} if config is None else {"pi_service_config": config})
    return [{"hosts": "site-1", "gather_facts": False, "vars": variables, "tasks": tasks}]


def test_the_pi_gets_the_whole_configuration_in_one_command(apply: Apply) -> None:
    outcome = apply(APPLIED)
    assert outcome.calls == ["config apply - --json --timeout 30 --next-version"]
    assert json.loads((outcome.folder / "input").read_text()) == CONFIG
    assert outcome.result["changed"]
    assert not outcome.result["failed"]
    assert (outcome.result["old_version"], outcome.result["new_version"], outcome.result["tried"]) == (3, 4, True)


def test_a_version_from_the_inventory_is_sent_and_the_pi_does_not_number(apply: Apply) -> None:
    outcome = apply(APPLIED, version=7, timeout_seconds=5)
    assert outcome.calls == ["config apply - --json --timeout 5"]
    assert json.loads((outcome.folder / "input").read_text()) == CONFIG | {"version": 7}


def test_a_configuration_that_is_in_force_already_changes_nothing(apply: Apply) -> None:
    outcome = apply(APPLIED | {"result": "unchanged", "new_version": 3})
    assert not outcome.result["changed"]
    assert "diff" not in outcome.result


def test_check_mode_asks_the_pi_to_decide_only(apply: Apply) -> None:
    outcome = apply(APPLIED, "--check")
    assert outcome.calls == ["config apply - --json --timeout 30 --next-version --check"]
    assert outcome.result["changed"]


def test_the_difference_shows_the_changed_setting_and_nothing_else(apply: Apply) -> None:
    outcome = apply(APPLIED, "--diff")
    lines = [line for line in outcome.said.splitlines() if line.startswith(("+ ", "- "))]
    assert lines == ['-  "snapshot_interval_seconds": 12', '+  "snapshot_interval_seconds": 5']
    assert "+++ after: configuration version 4" in outcome.said


def test_without_diff_no_settings_are_returned(apply: Apply) -> None:
    assert "rtsp" not in json.dumps(apply(APPLIED).result)


@pytest.mark.parametrize(
    ("result", "sentence"),
    [
        ("refused", "site-1 refused the configuration (older version); it keeps version 3"),
        ("rolled back", "site-1 tried the configuration and went back (older version); it keeps version 3"),
    ],
)
def test_a_site_that_did_not_take_it_fails_with_the_pi_s_own_reason(apply: Apply, result: str, sentence: str) -> None:
    outcome = apply(APPLIED | {"result": result, "reason": "older version"}, status=1)
    assert outcome.result["failed"]
    assert not outcome.result["changed"]
    assert outcome.result["msg"] == sentence


def test_every_fault_the_pi_names_is_in_the_message(apply: Apply) -> None:
    faults = [{"path": "$.a", "message": "is wrong"}, {"path": "$.b", "message": "is too"}]
    outcome = apply(APPLIED | {"result": "refused", "reason": "invalid", "faults": faults}, status=1)
    assert "(invalid; $.a: is wrong; $.b: is too)" in outcome.result["msg"]


def test_an_invalid_configuration_is_not_sent_and_every_fault_is_named(apply: Apply) -> None:
    outcome = apply(APPLIED, config=CONFIG | {"jpeg_quality": 101, "snapshot_intervall": 3})
    assert outcome.calls == []
    assert outcome.result["failed"]
    assert "$.jpeg_quality" in outcome.result["msg"]
    assert "snapshot_intervall" in outcome.result["msg"]
    assert len(outcome.result["faults"]) == 2


def test_a_site_without_the_service_is_told_how_to_get_it(apply: Apply) -> None:
    outcome = apply(APPLIED, status=127)
    assert "run playbooks/pi.yml --limit site-1 first" in outcome.result["msg"]


def test_a_command_that_dies_is_a_failure_with_its_own_words(apply: Apply) -> None:
    outcome = apply(f"cannot read rtsp://viewer:{PASSWORD}@192.0.2.1/\n", status=3)
    assert outcome.result["failed"]
    assert "status 3 and no report; it said: cannot read rtsp://viewer:***@192.0.2.1/" in outcome.result["msg"]


def test_what_a_login_shell_prints_before_the_report_does_no_harm(apply: Apply) -> None:
    assert apply("{ welcome }\nGood morning\n" + json.dumps(APPLIED) + "\n").result["changed"]


def test_a_site_without_a_configuration_is_told_where_it_should_come_from(apply: Apply) -> None:
    assert "site-1 has no variable pi_service_config" in apply(APPLIED, config=None).result["msg"]


def test_the_password_is_in_nothing_ansible_says_however_much_it_is_asked(apply: Apply) -> None:
    for report, status in ((APPLIED, 0), (APPLIED | {"result": "refused", "reason": "no"}, 1), ("torn", 2)):
        outcome = apply(report, "--diff", "-vvvvv", status=status)
        assert PASSWORD not in outcome.said
        assert PASSWORD not in json.dumps(outcome.result)


def test_the_documentation_of_the_action_can_be_read(ansible: Ansible) -> None:
    result = ansible("ansible-doc", "carwash_config", "--json")
    assert set(json.loads(result.stdout)["carwash_config"]["doc"]["options"]) == {
        "variable",
        "version",
        "timeout_seconds",
    }
    assert (REPOSITORY / "plugins" / "action" / "carwash_config.py").is_file()
