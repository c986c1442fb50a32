"""Writes the table of variables in every role's README.md from its meta/argument_specs.yml.

python roles/write_variable_tables.py
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import yaml

ROLES = Path(__file__).parent
HEADING = "## Variables"


def readme(role: Path) -> str:
    """The README of `role`, its text as it is, with the table of variables after it."""
    text = (role / "README.md").read_text(encoding="utf-8").partition(HEADING)[0].rstrip()
    specs = yaml.safe_load((role / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))
    rows = [_row(name, option) for name, option in specs["argument_specs"]["main"]["options"].items()]
    table = ["| variable | type | default | |", "| --- | --- | --- | --- |", *rows]
    return "\n".join([text, "", HEADING, *table]) + "\n"


def _row(name: str, option: dict[str, Any]) -> str:
    absent = "required" if option.get("required") else "not set"
    default = f"`{json.dumps(option['default'])}`" if "default" in option else absent
    description = re.sub(r"C\(([^)]*)\)", r"`\1`", option["description"])
    return f"| `{name}` | {option['type']} | {default} | {description} |"


def main() -> None:
    for specs in sorted(ROLES.glob("*/meta/argument_specs.yml")):
        role = specs.parent.parent
        (role / "README.md").write_text(readme(role), encoding="utf-8")


if __name__ == "__main__":
    main()
