"""Who may enter: the fleet's SSH key, every site's host key, camera passwords and the API key."""

from __future__ import annotations

import os
import secrets
from collections.abc import Sequence
from pathlib import Path

from virtual_fleet.commands import run
from virtual_fleet.image_contents import USER
from virtual_fleet.places import STATE_ROOT
from virtual_fleet.site import Site


def client_key(fleet: str) -> Path:
    """The private key that opens every site of a fleet."""
    return STATE_ROOT / fleet / "ssh_key"


def known_hosts(fleet: str) -> Path:
    """The sites' host keys, written when the keys were made: no network had to be trusted."""
    return STATE_ROOT / fleet / "known_hosts"


def api_key(fleet: str) -> Path:
    """The key with which a car wash controller fetches pictures from every site of a fleet."""
    return STATE_ROOT / fleet / "api_key"


def create_fleet_secrets(fleet: str) -> None:
    """Make what is missing of a fleet's own keys."""
    if not client_key(fleet).exists():
        _make_ssh_key(client_key(fleet), f"{USER}@{fleet}")
    if not api_key(fleet).exists():
        write_secret(api_key(fleet), secrets.token_urlsafe(24))


def create_site_secrets(site: Site) -> None:
    """Make what is missing of a site's own keys."""
    site.directory.mkdir(parents=True, exist_ok=True)
    if not site.host_key.exists():
        _make_ssh_key(site.host_key, f"root@{site.name}")
    if not site.camera_password_file.exists():
        write_secret(site.camera_password_file, secrets.token_urlsafe(12))


def write_known_hosts(fleet: str, sites: Sequence[Site]) -> None:
    """Replace the list of host keys in one step."""
    lines = []
    for site in sites:
        kind, key = site.host_key.with_suffix(".pub").read_text().split()[:2]
        lines.append(f"{site.address},{site.name} {kind} {key}\n")
    beside = known_hosts(fleet).with_suffix(".new")
    beside.write_text("".join(lines))
    beside.replace(known_hosts(fleet))


def ssh_options(fleet: str) -> list[str]:
    """Options with which ssh checks a site's host key against the fleet's own list, and nothing else."""
    return [
        "-o",
        f"UserKnownHostsFile={known_hosts(fleet)}",
        "-o",
        "GlobalKnownHostsFile=/dev/null",
        "-o",
        "StrictHostKeyChecking=yes",
    ]


def ssh_command(site: Site) -> list[str]:
    """The command that logs in to a site, to which a command may be appended."""
    identity = ["-i", str(client_key(site.fleet)), "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes"]
    return ["ssh", *identity, *ssh_options(site.fleet), f"{USER}@{site.address}"]


def write_secret(path: Path, text: str) -> None:
    """Replace a secret in one step; nobody but its owner ever reads it."""
    beside = path.with_name(f"{path.name}.new")
    beside.unlink(missing_ok=True)
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as stream:
        stream.write(f"{text}\n")
    beside.replace(path)


def _make_ssh_key(path: Path, comment: str) -> None:
    for leftover in (path, path.with_suffix(".pub")):
        leftover.unlink(missing_ok=True)
    run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", str(path)])
