"""`flask --app control_ui tenants ...`: the companies whose car washes are looked after here."""

from __future__ import annotations

from datetime import UTC, datetime

import click
import sqlalchemy as sa
from flask.cli import with_appcontext

from control_ui.cli.scope import operator_at_the_console, tenant_session
from control_ui.models import Tenant
from control_ui.services.people import tenants


@click.group("tenants")
def group() -> None:
    """The tenants."""


@group.command()
@click.option("--slug", required=True, help="Short name for inventories and addresses: a-z, 0-9, -. It never changes.")
@click.option("--name", required=True, help="As people read it.")
@click.option("--timezone", default="UTC", show_default=True, help="Such as America/Chicago.")
@click.option(
    "--requires-approval", is_flag=True, help="Runs and deployments that change something wait for a second person."
)
@with_appcontext
def create(slug: str, name: str, timezone: str, requires_approval: bool) -> None:
    """Make a tenant."""
    new = tenants.NewTenant(slug, name, timezone, requires_approval)
    with tenant_session(None) as session:
        tenants.create(session, operator_at_the_console(), new, reason="", now=datetime.now(UTC))
    click.echo(f"Tenant {slug} is made. Its first administrator: users create --tenant {slug} --role admin --email ...")


@group.command("list")
@with_appcontext
def list_tenants() -> None:
    """List the tenants."""
    with tenant_session(None) as session:
        for tenant in session.scalars(sa.select(Tenant).order_by(Tenant.slug)):
            approval = "needs approval" if tenant.requires_approval else ""
            click.echo(f"{tenant.slug:24} {tenant.name:32} {tenant.timezone:20} {approval}".rstrip())
