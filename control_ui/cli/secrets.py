"""`flask --app control_ui secrets ...`: the keys that camera passwords and configurations are encrypted with."""

from __future__ import annotations

import hashlib

import click
from flask.cli import with_appcontext

from control_ui.models.scope import ALL_TENANTS, ScopedSession, open_session
from control_ui.services.configuration import key_rotation
from control_ui.settings import Settings
from control_ui.views.state import app_state

FEW = 10


@click.group("secrets")
def group() -> None:
    """Change the key that secrets are encrypted with, while everything runs.

    \b
    1. CARWASH_ENCRYPTION_KEYS=<old>,<new> for every process, restart them one by one: all can read the new key.
    2. CARWASH_ENCRYPTION_KEYS=<new>,<old>, restart them one by one: all write with it.
    3. flask --app control_ui secrets rotate
    4. flask --app control_ui secrets check: once it says so, <old> can go.

    Without CARWASH_ENCRYPTION_KEYS the key is derived from SECRET_KEY. To leave that one: stop every process, set
    CARWASH_ENCRYPTION_KEYS=<new>, start them, rotate. What the derived key had encrypted stays readable meanwhile.
    """


@group.command()
@with_appcontext
def rotate() -> None:
    """Encrypt every secret with the newest key. Interrupted, it is simply run again. Exit 1 where one is unreadable."""
    settings = app_state().settings
    with open_session(app_state().sessions, ALL_TENANTS) as session:
        changed = key_rotation.rotate(
            session,
            settings.encryption_keys,
            lambda column, seen: click.echo(f"{column}: {seen} looked at", err=True),
        )
        click.echo(f"{changed} secrets are now encrypted with {_name(settings, 0)}.")
        _tell(session, settings)


@group.command()
@with_appcontext
def check() -> None:
    """Say how many secrets each key still decrypts. Exit 1 where one is unreadable."""
    with open_session(app_state().sessions, ALL_TENANTS) as session:
        _tell(session, app_state().settings)


def _tell(session: ScopedSession, settings: Settings) -> None:
    counts = key_rotation.count(session, settings.encryption_keys)
    for count in counts:
        shares = ", ".join(f"{number} by {_name(settings, at)}" for at, number in enumerate(count.by_key))
        click.echo(f"{count.column}: {shares}, {len(count.unreadable)} by none")
    for at in range(1, len(settings.encryption_keys)):
        if not any(count.by_key[at] for count in counts):
            click.echo(f"Nothing needs {_name(settings, at)} any more: {_freed(settings, at)}.")
    lost = [count for count in counts if count.unreadable]
    for count in lost:
        ids = ", ".join(map(str, count.unreadable[:FEW])) + (", ..." if len(count.unreadable) > FEW else "")
        click.echo(f"No key decrypts {count.column} of the rows {ids}: add the key they were encrypted with.", err=True)
    if lost:
        raise SystemExit(1)


def _name(settings: Settings, at: int) -> str:
    """A key by its place and the beginning of its hash, which gives nothing away."""
    key = settings.encryption_keys[at]
    if key == settings.derived_encryption_key:
        return "the key derived from SECRET_KEY"
    return f"key {at + 1} ({hashlib.sha256(key.encode()).hexdigest()[:8]})"


def _freed(settings: Settings, at: int) -> str:
    """What can be done once nothing needs this key."""
    if settings.encryption_keys[at] == settings.derived_encryption_key:
        return "no secret would be lost with another SECRET_KEY"
    return "it can be taken out of CARWASH_ENCRYPTION_KEYS"
