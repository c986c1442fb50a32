"""Alert and recording rules: promtool takes them, their tests pass, and no rule can be off by one step unnoticed."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.monitoring.mutants import STEP_SECONDS, mutants
from tests.monitoring.rules import ALERTS, REPOSITORY, RULES, TESTS, everything, promtool

FLEET = next(path for path in RULES if path.stem == "fleet")
RUNBOOKS = REPOSITORY / "docs" / "runbooks"
SEVERITIES = {"critical", "warning", "info"}
Document = dict[str, Any]


@pytest.mark.parametrize("path", RULES, ids=lambda path: path.stem)
def test_promtool_takes_the_rules(path: Path) -> None:
    checked = promtool("check", "rules", path)
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize("path", TESTS, ids=lambda path: path.stem)
def test_the_rules_do_what_they_are_for(path: Path) -> None:
    tested = promtool("test", "rules", path)
    assert tested.returncode == 0, tested.stdout + tested.stderr


def test_no_alert_and_no_recorded_series_is_defined_twice() -> None:
    names = Counter(rule.get("alert") or rule["record"] for rule in everything())
    assert [name for name, count in names.items() if count > 1] == []


@pytest.mark.parametrize("alert", ALERTS)
def test_an_alert_says_what_where_how_bad_and_what_to_do(alert: str) -> None:
    _, rule = ALERTS[alert]
    assert re.fullmatch(r"([A-Z][a-z]*)+", alert)
    assert rule["labels"].keys() == {"severity"}
    assert rule["labels"]["severity"] in SEVERITIES
    assert rule["annotations"].keys() == {"summary", "description", "runbook_url"}
    assert rule["annotations"]["runbook_url"] == f"{{{{ $externalLabels.control_url }}}}/docs/runbooks/{alert}.md"


@pytest.mark.parametrize("alert", ALERTS)
def test_an_alert_is_tried_one_step_before_it_fires_and_one_step_after(alert: str) -> None:
    tests = _tests_of(alert)
    assert any(row["exp_alerts"] for test in tests for row in test["alert_rule_test"])
    for test in tests:
        fires = [_seconds(row["eval_time"]) for row in test["alert_rule_test"] if row["exp_alerts"]]
        silent = {_seconds(row["eval_time"]) for row in test["alert_rule_test"] if not row["exp_alerts"]}
        assert not fires or min(fires) == 0 or min(fires) - STEP_SECONDS in silent


@pytest.mark.parametrize("alert", ALERTS)
def test_an_alert_that_is_off_by_one_step_fails_the_tests(alert: str, tmp_path: Path) -> None:
    path, rule = ALERTS[alert]
    tests = _tests_of(alert)
    assert _outcome(tmp_path, tests, yaml.safe_load(path.read_text())) == 0, "its tests pass while nothing is changed"
    survivors = []
    for number, mutant in enumerate(mutants(rule)):
        rules = yaml.safe_load(path.read_text())
        for group in rules["groups"]:
            group["rules"] = [mutant.rule if one.get("alert") == alert else one for one in group["rules"]]
        if _outcome(tmp_path / str(number), tests, rules) == 0:
            survivors.append(mutant.change)
    assert survivors == []


@pytest.mark.parametrize("alert", ALERTS)
def test_an_alert_has_a_runbook_with_everything_a_tired_person_needs(alert: str) -> None:
    text = (RUNBOOKS / f"{alert}.md").read_text()
    assert text.startswith(f"# {alert}\n")
    headings = re.findall(r"^## (.+)$", text, re.M)
    assert headings == ["What it means", "What users notice", "Check first", "Mend", "Wake somebody", "False alarms"]
    assert len(text.splitlines()) < 60


def test_no_runbook_is_left_over() -> None:
    assert {path.stem for path in RUNBOOKS.glob("*.md")} == set(ALERTS)


def _tests_of(alert: str) -> list[Document]:
    """The tests that are of this alert alone."""
    return [
        test
        for path in TESTS
        for test in yaml.safe_load(path.read_text())["tests"]
        if {row["alertname"] for row in test.get("alert_rule_test", ())} == {alert}
    ]


def _outcome(directory: Path, tests: list[Document], rules: Document) -> int:
    """promtool's exit code for these tests and rules, with what is recorded of the fleet before them."""
    directory.mkdir(exist_ok=True)
    recorded = yaml.safe_load(FLEET.read_text())
    (directory / "rules.yml").write_text(yaml.safe_dump({"groups": recorded["groups"] + rules["groups"]}))
    head = {
        "rule_files": ["rules.yml"],
        "evaluation_interval": f"{STEP_SECONDS}s",
        "group_eval_order": [group["name"] for group in recorded["groups"] + rules["groups"]],
    }
    (directory / "tests.yml").write_text(yaml.safe_dump(head | {"tests": tests}))
    return promtool("test", "rules", directory / "tests.yml").returncode


def _seconds(duration: str) -> int:
    return sum(int(count) * {"h": 3600, "m": 60, "s": 1}[unit] for count, unit in re.findall(r"(\d+)([hms])", duration))
