"""docs/reports.md says of the columns and of the verifier what is so."""

from __future__ import annotations

import hashlib
import re

from control_ui.services.reports import run_history_formats, sla_formats
from control_ui.settings import REPOSITORY

TEXT = (REPOSITORY / "docs" / "reports.md").read_text()


def section(title: str) -> str:
    found = re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", TEXT, re.M | re.S)
    assert found is not None
    return found[1]


def test_every_column_of_the_run_history_is_documented_in_its_order() -> None:
    cells = re.findall(r"^\| (`.*?) \|", section("Run history"), re.M)
    assert re.findall(r"`(\w+)`", " ".join(cells)) == list(run_history_formats.COLUMNS)


def test_every_column_of_the_sla_report_is_documented_in_its_order() -> None:
    columns = section("Availability").partition("Columns:")[2]
    assert tuple(re.findall(r"`(\w+)`", columns)) == sla_formats.COLUMNS


def test_the_verifiers_hash_is_the_documented_one() -> None:
    digest = hashlib.sha256((REPOSITORY / "tools" / "verify_evidence.py").read_bytes()).hexdigest()
    assert digest in section("Evidence packs"), f"tools/verify_evidence.py has changed: its SHA-256 is {digest}"
