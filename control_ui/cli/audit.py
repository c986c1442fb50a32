"""`flask --app control_ui audit ...`: whether the trail is whole."""

from __future__ import annotations

from datetime import UTC, datetime

import click
from flask.cli import with_appcontext

from control_ui.cli.scope import operator_at_the_console, tenant_session
from control_ui.models.scope import ScopedSession
from control_ui.services.audit import verify as service
from control_ui.services.audit.trail import chain_name


@click.group("audit")
def group() -> None:
    """The audit trail."""


@group.command()
@click.option("--tenant", metavar="SLUG", help="Only this tenant's chain; otherwise all chains, the platform's too.")
@click.option(
    "--anchor",
    metavar="SEQUENCE:HASH",
    help="With --tenant: an entry and its hash as an evidence pack has them; shows that the chain was not rewritten.",
)
@with_appcontext
def verify(tenant: str | None, anchor: str | None) -> None:
    """Follow every chain link by link. Exit 1 where one is broken, with its first broken entry."""
    if anchor is not None and tenant is None:
        raise click.UsageError("--anchor needs --tenant: an anchor belongs to one chain")
    with tenant_session(tenant) as session:
        reports = service.check(session, operator_at_the_console(), datetime.now(UTC))
        broken = [report.broken for report in reports if report.broken]
        broken += _rewritten(session, anchor) if anchor is not None else []
    for report in reports:
        click.echo(f"{report.chain}: {report.entries} entries whole, the last with hash {report.hash}")
    for entry in broken:
        click.echo(f"BROKEN {entry}", err=True)
    if broken:
        raise SystemExit(1)
    click.echo("The audit trail is whole.")


def _rewritten(session: ScopedSession, text: str) -> list[service.Broken]:
    found = service.anchor(session, chain_name(session.scope.tenant_id), *service.parse_anchor(text))
    return [found] if found else []
