"""`flask --app control_ui inventory ...`: from inventory files to devices."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
from flask.cli import with_appcontext

from control_ui.cli.scope import operator_at_the_console, tenant_session
from control_ui.services.devices import ansible_inventory, enrolment, inventory_hosts, inventory_import
from control_ui.services.devices.facts import Changes
from control_ui.services.devices.inventory_import import Options, Outcome
from control_ui.services.devices.ssh_host_keys import KnownHosts
from control_ui.services.errors import InvalidError
from control_ui.views.state import app_state

FILE = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)
NEW_FILE = click.Path(dir_okay=False, path_type=Path)
LONGEST_DAYS = enrolment.LONGEST_LIFETIME.days


@click.group("inventory")
def group() -> None:
    """Devices from Ansible inventories."""


@group.command("import")
@click.argument("inventory", type=click.Path(path_type=Path))
@click.option("--tenant", metavar="SLUG", help="All hosts are this tenant's.")
@click.option("--tenant-from-groups", is_flag=True, help="Each host is the tenant's of its group tenant_*.")
@click.option("--create-tenants", is_flag=True, help="Make the tenants that do not exist yet.")
@click.option("--known-hosts", type=FILE, help="Take the hosts' SSH host keys from this file.")
@click.option(
    "--vault-password-file", "vault_password_files", type=FILE, multiple=True, help="As ansible-playbook takes it."
)
@click.option(
    "--enrolment-tokens",
    type=NEW_FILE,
    help="Make an enrolment token for each device without a device token, and write them, by name, to this file.",
)
@click.option(
    "--enrolment-days", type=click.IntRange(1, LONGEST_DAYS), default=1, show_default=True, help="How long they last."
)
@click.option("--reason", default="", help="Why, for the audit trail.")
@click.option("--dry-run", is_flag=True, help="Only say what would be done.")
@with_appcontext
def import_inventory(
    inventory: Path,
    tenant: str | None,
    tenant_from_groups: bool,
    create_tenants: bool,
    known_hosts: Path | None,
    vault_password_files: tuple[Path, ...],
    enrolment_tokens: Path | None,
    enrolment_days: int,
    reason: str,
    dry_run: bool,
) -> None:
    """Take the hosts of the group `pis` in INVENTORY in as devices, and say what was added, changed and left.

    What the inventory does not say stays as it is; doing it again changes nothing; a fault anywhere, and nothing is
    taken in.
    """
    if (tenant is None) == (not tenant_from_groups):
        raise click.UsageError("say whose devices they are: --tenant SLUG or --tenant-from-groups")
    with tenant_session(None) as session:
        lifetime = None if enrolment_tokens is None else timedelta(days=enrolment_days)
        options = Options(create_tenants, _known_hosts(known_hosts), lifetime)
        hosts = _hosts(inventory, tenant, vault_password_files)
        now, who = datetime.now(UTC), operator_at_the_console()
        outcome = inventory_import.take_in(session, who, hosts, options, reason=reason, now=now)
        if dry_run:
            session.rollback()
        else:
            with _kept(enrolment_tokens, outcome.enrolment_tokens):
                session.commit()
    _tell(outcome, dry_run)


def _known_hosts(path: Path | None) -> KnownHosts | None:
    return None if path is None else KnownHosts(path.read_text(errors="replace"))


def _hosts(
    inventory: Path, tenant: str | None, vault_password_files: tuple[Path, ...]
) -> list[inventory_hosts.FoundHost]:
    repository = app_state().settings.repository
    found = ansible_inventory.read(inventory, repository, vault_password_files)
    hosts, faults = inventory_hosts.find(found, ansible_inventory.Vault(vault_password_files), tenant)
    if faults:
        raise InvalidError(f"{inventory} cannot be imported, and nothing was", faults)
    return hosts


@contextmanager
def _kept(path: Path | None, tokens: dict[str, str]) -> Iterator[None]:
    """The tokens are on the disk before the database knows them, and in their file once it does: in clear they are
    nowhere else."""
    if path is None:
        yield
        return
    try:
        descriptor, beside = tempfile.mkstemp(dir=path.resolve().parent, prefix=f".{path.name}.")  # mode 0600
    except OSError as error:
        raise click.ClickException(f"nothing was imported: {path} cannot be written: {error.strerror}") from error
    try:
        with os.fdopen(descriptor, "w") as file:
            json.dump(tokens, file, indent=2)
            file.flush()
            os.fsync(file.fileno())
        yield
        Path(beside).replace(path)
    finally:
        Path(beside).unlink(missing_ok=True)


def _tell(outcome: Outcome, dry_run: bool) -> None:
    for slug in outcome.created_tenants:
        click.echo(f"+ tenant {slug}")
    for name in outcome.added:
        click.echo(f"+ {name}")
    for name, changes in outcome.changed.items():
        click.echo(f"~ {name}: {_words(changes)}")
    for note in outcome.notes:
        click.echo(f"! {note}")
    tokens = f", {len(outcome.enrolment_tokens)} enrolment tokens" if outcome.enrolment_tokens else ""
    click.echo(f"{len(outcome.added)} added, {len(outcome.changed)} changed, {len(outcome.left)} left{tokens}.")
    if dry_run:
        click.echo("This was a dry run: nothing was done.")


def _words(changes: Changes) -> str:
    return ", ".join(f"{name} {_short(before)} -> {_short(after)}" for name, (before, after) in changes.items())


def _short(value: object) -> str:
    return json.dumps(value, default=str) if not isinstance(value, list) else f"{len(value)} entries"
