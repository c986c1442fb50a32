"""`flask --app control_ui db ...`: the shape of the database."""

from __future__ import annotations

import click
from flask.cli import with_appcontext

from control_ui import database
from control_ui.views.state import app_state


@click.group("db")
def group() -> None:
    """Bring the database to the shape this version needs."""


@group.command()
@click.argument("revision", default="head")
@with_appcontext
def upgrade(revision: str) -> None:
    """Bring the database to REVISION (default: the newest). Doing it twice is like doing it once."""
    database.upgrade(app_state().settings.database_url, revision)
    click.echo(f"The database is at {revision}.")


@group.command()
@click.argument("revision")
@with_appcontext
def downgrade(revision: str) -> None:
    """Take the database back to REVISION. What the later ones added is lost."""
    database.downgrade(app_state().settings.database_url, revision)
    click.echo(f"The database is at {revision}.")
