"""`flask --app control_ui evidence ...`: packs that prove what was done, and the key that signs them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click
from flask.cli import with_appcontext

from control_ui.cli.output import whole_file
from control_ui.cli.report import period_options
from control_ui.cli.scope import operator_at_the_console, tenant_session
from control_ui.services.evidence import export as service
from control_ui.services.evidence import keys
from control_ui.services.runs.revision import revision
from control_ui.views.state import app_state


@click.group("evidence")
def group() -> None:
    """Signed evidence packs. tools/verify_evidence.py verifies them."""


@group.command()
@with_appcontext
def keygen() -> None:
    """Make the key that signs packs. Refuses to replace one."""
    path = app_state().settings.signing_key_file
    with tenant_session(None) as session:
        key = keys.generate(session, operator_at_the_console(), path, datetime.now(UTC))
    click.echo(f"Made {path}. Keep a copy where the database's backups are not.", err=True)
    click.echo(f"Its public key, for everybody who is to verify packs (fingerprint {keys.fingerprint(key)}):", err=True)
    click.echo(keys.public_pem(key), nl=False)


@group.command("public-key")
@with_appcontext
def public_key() -> None:
    """Print the public key, for everybody who is to verify packs."""
    with tenant_session(None):
        click.echo(keys.public_pem(keys.load(app_state().settings.signing_key_file)), nl=False)


@group.command()
@period_options
@click.option("--tenant", metavar="SLUG", required=True)
@click.option("--reason", default="", help="Why, for the audit trail.")
@click.option(
    "--output", type=click.Path(path_type=Path, dir_okay=False), help="Default: a name with tenant and period, here."
)
@with_appcontext
def export(begin: str, end: str, tenant: str, reason: str, output: Path | None) -> None:
    """Make the pack of a tenant's period."""
    settings = app_state().settings
    wanted = service.Wanted(begin, end, reason, revision(settings.repository))
    path = output or Path(f"evidence-{tenant}-{begin}-{end}.zip")
    actor, now = operator_at_the_console(), datetime.now(UTC)
    with tenant_session(tenant) as session, whole_file(path) as file:
        pack = service.export(session, actor, wanted, settings.signing_key_file, file, now)
    click.echo(f"{path}: {pack.audit_entries} audit entries; SHA-256 of its manifest: {pack.manifest_sha256}")
