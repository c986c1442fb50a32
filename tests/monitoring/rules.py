"""The rule files, and the promtool tests beside them."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import yaml

REPOSITORY = Path(__file__).resolve().parents[2]
PROMETHEUS = REPOSITORY / "monitoring" / "prometheus"
RULES = sorted((PROMETHEUS / "rules").glob("*.yml"))
TESTS = sorted((PROMETHEUS / "tests").glob("*.yml"))
Rule = dict[str, Any]


def of_file(path: Path) -> list[Rule]:
    """All rules of a file, in order."""
    return [rule for group in yaml.safe_load(path.read_text())["groups"] for rule in group["rules"]]


def everything() -> list[Rule]:
    """All rules of all files."""
    return [rule for path in RULES for rule in of_file(path)]


ALERTS = {rule["alert"]: (path, rule) for path in RULES for rule in of_file(path) if "alert" in rule}
"""Each alert's file and rule."""


def promtool(*arguments: str | Path, text: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run promtool, whatever comes of it."""
    command = ["promtool", *(str(argument) for argument in arguments)]
    return subprocess.run(command, input=text, capture_output=True, text=True, check=False, timeout=120)
