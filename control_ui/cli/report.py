"""`flask --app control_ui report ...`: reports, to the screen or to a file."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import click
from flask.cli import with_appcontext

from control_ui.cli.output import whole_file
from control_ui.cli.scope import operator_at_the_console, tenant_session
from control_ui.services.reports import make
from control_ui.services.reports.make import Form, Report
from control_ui.services.reports.run_history import Filters
from control_ui.services.reports.sla import TARGET_PERCENT, Options

Command = TypeVar("Command", bound=Callable[..., Any])
PERIOD = "A day of the tenant's time zone (2026-03-01), or a moment (2026-03-01T06:00:00Z)."


def period_options(command: Command) -> Command:
    """--from and --to, as `begin` and `end`."""
    command = click.option("--to", "end", required=True, metavar="WHEN", help="Up to and with this day.")(command)
    return click.option("--from", "begin", required=True, metavar="WHEN", help=PERIOD)(command)


def _output_options(command: Command) -> Command:
    forms = click.Choice([form.value for form in Form])
    command = click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="Instead of the screen.")(
        command
    )
    return click.option("--format", "form", type=forms, default=Form.CSV.value, show_default=True)(command)


@click.group("report")
def group() -> None:
    """Reports as CSV, JSON or printable HTML."""


@group.command()
@period_options
@_output_options
@click.option("--tenant", metavar="SLUG", help="Only this tenant; otherwise all of them.")
@click.option("--site", help="Only this site, by its name.")
@click.option("--device", help="Only this device, by its name.")
@click.option("--person", help="Only runs this person asked for, approved or canceled: a part of the name.")
@click.option("--playbook", help="Only this playbook.")
@with_appcontext
def runs(begin: str, end: str, form: str, output: Path | None, tenant: str | None, **narrowed: str | None) -> None:
    """The run history: who asked for what, who approved it, what changed where, with what result."""
    with tenant_session(tenant) as session:
        filters, now = Filters(**narrowed), datetime.now(UTC)
        report = make.runs(session, operator_at_the_console(), begin, end, Form(form), filters=filters, now=now)
        _write(report, output)


@group.command()
@period_options
@_output_options
@click.option("--tenant", metavar="SLUG", required=True)
@click.option("--site", help="Only this site, by its name.")
@click.option("--target", default=TARGET_PERCENT, show_default=True, type=click.FloatRange(0, 100, min_open=True))
@click.option("--exclude-maintenance", is_flag=True, help="Leave the sites' maintenance windows out, and show them.")
@with_appcontext
def sla(
    begin: str,
    end: str,
    form: str,
    output: Path | None,
    tenant: str,
    site: str | None,
    target: float,
    exclude_maintenance: bool,
) -> None:
    """Availability of a tenant's sites, with every gap."""
    with tenant_session(tenant) as session:
        options, now = Options(target, exclude_maintenance, site), datetime.now(UTC)
        report = make.sla_of_sites(session, operator_at_the_console(), begin, end, Form(form), options=options, now=now)
        _write(report, output)


def _write(report: Report, output: Path | None) -> None:
    """Piece by piece."""
    if output is None:
        for piece in report.pieces:
            sys.stdout.buffer.write(piece.encode())
        return
    with whole_file(output) as file:
        for piece in report.pieces:
            file.write(piece.encode())
    click.echo(f"Written to {output}", err=True)
