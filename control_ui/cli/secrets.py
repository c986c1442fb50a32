"""`flask --app control_ui secrets ...`: the keys that camera passwords and configurations are encrypted with."""

from __future__ import annotations

import hashlib

import click
from flask.cli import with_appcontext

from control_ui.models.scope import ALL_TENANTS, ScopedSession, open_session
from control_ui.services.configuration import key_rotation
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
    """


@group.command()
@with_appcontext
def rotate() -> None:
    """Encrypt every secret with the newest key. Interrupted, it is simply run again. Exit 1 where one is unreadable."""
    keys = app_state().settings.encryption_keys
    with open_session(app_state().sessions, ALL_TENANTS) as session:
        changed = key_rotation.rotate(
            session, keys, lambda column, seen: click.echo(f"{column}: {seen} looked at", err=True)
        )
        click.echo(f"{changed} secrets are now encrypted with {_name(keys[0], 0)}.")
        _tell(session, keys)


@group.command()
@with_appcontext
def check() -> None:
    """Say how many secrets each key still decrypts. Exit 1 where one is unreadable."""
    with open_session(app_state().sessions, ALL_TENANTS) as session:
        _tell(session, app_state().settings.encryption_keys)


def _tell(session: ScopedSession, keys: tuple[str, ...]) -> None:
    counts = key_rotation.count(session, keys)
    for count in counts:
        shares = ", ".join(f"{number} by {_name(keys[at], at)}" for at, number in enumerate(count.by_key))
        click.echo(f"{count.column}: {shares}, {len(count.unreadable)} by none")
    for at, key in enumerate(keys[1:], start=1):
        if not any(count.by_key[at] for count in counts):
            click.echo(f"Nothing needs {_name(key, at)} any more: it can be taken out of CARWASH_ENCRYPTION_KEYS.")
    lost = [count for count in counts if count.unreadable]
    for count in lost:
        ids = ", ".join(map(str, count.unreadable[:FEW])) + (", ..." if len(count.unreadable) > FEW else "")
        click.echo(f"No key decrypts {count.column} of the rows {ids}: add the key they were encrypted with.", err=True)
    if lost:
        raise SystemExit(1)


def _name(key: str, at: int) -> str:
    """A key by its place and the beginning of its hash, which gives nothing away."""
    return f"key {at + 1} ({hashlib.sha256(key.encode()).hexdigest()[:8]})"
