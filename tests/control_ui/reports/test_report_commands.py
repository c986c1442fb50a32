"""`flask --app control_ui report ...`: the same reports, on the screen or in a file."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask

from control_ui.models.scope import ScopedSession
from control_ui.services.reports.run_history_formats import COLUMNS
from tests.control_ui.reports import history

MARCH = ("--from", "2026-03-01", "--to", "2026-03-31")


@pytest.fixture(autouse=True)
def made(session: ScopedSession) -> None:
    history.make(session)
    history.make(session, "theirs")


def run(app: Flask, *arguments: str) -> Result:
    return app.test_cli_runner().invoke(args=["report", *arguments])


def test_csv_goes_to_the_screen_for_all_tenants_unless_one_is_named(app: Flask) -> None:
    every = run(app, "runs", *MARCH)
    assert every.exit_code == 0, every.output
    rows = list(csv.DictReader(io.StringIO(every.stdout, newline="")))
    assert list(rows[0]) == list(COLUMNS)
    assert {row["tenant"] for row in rows} == {"ours", "theirs"}
    one = list(csv.DictReader(io.StringIO(run(app, "runs", *MARCH, "--tenant", "ours").stdout, newline="")))
    assert {row["tenant"] for row in one} == {"ours"}


def test_a_file_appears_whole_under_its_name(app: Flask, tmp_path: Path) -> None:
    file = tmp_path / "march.json"
    result = run(app, "runs", *MARCH, "--format", "json", "--tenant", "ours", "--person", "anna", "--output", str(file))
    assert (result.exit_code, result.stdout) == (0, "")
    assert f"Written to {file}" in result.stderr
    document = json.loads(file.read_text())
    assert (document["narrowed_to"], len(document["rows"])) == ({"person": "anna"}, 2)
    assert document["made_by"].startswith("command line (")
    assert list(tmp_path.glob("*.partial")) == []


def test_availability_of_a_tenant_in_every_form(app: Flask, tmp_path: Path) -> None:
    for form, words in (("csv", "availability_percent"), ("json", '"sla/1"'), ("html", "<!DOCTYPE html>")):
        result = run(app, "sla", *MARCH, "--tenant", "ours", "--format", form, "--exclude-maintenance")
        assert result.exit_code == 0, result.output
        assert words in result.stdout


def test_what_is_asked_wrongly_is_refused_in_a_sentence(app: Flask) -> None:
    backwards = run(app, "runs", "--from", "2026-03-31", "--to", "2026-03-01")
    assert (backwards.exit_code, backwards.stdout) == (1, "")
    assert "to: must be after `from`" in backwards.stderr
    mistyped = run(app, "runs", *MARCH, "--device", "pi-esat")
    assert mistyped.exit_code == 1
    assert "device: there is no device 'pi-esat'" in mistyped.stderr
    assert "there is no tenant 'outs'" in run(app, "sla", *MARCH, "--tenant", "outs").stderr
    assert run(app, "sla", *MARCH).exit_code == 2
