"""How the demo's sites come under the control plane: imported from the inventory, then registered by themselves."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from virtual_fleet import access
from virtual_fleet.ansible import run_playbook
from virtual_fleet.control_api import HERE, ControlApi
from virtual_fleet.control_plane import ControlPlane
from virtual_fleet.errors import FleetError
from virtual_fleet.fleet import Fleet

TENANT = "demo"
EMAIL = "operator@demo.test"
ONLINE_SECONDS = 60.0


@dataclass(frozen=True)
class Person:
    """Who steers the demo's fleet."""

    email: str
    password: str
    api: ControlApi


def enrol(plane: ControlPlane) -> Person:
    """Have every site known to the control plane, a one-time token at each new one, and an administrator."""
    tokens_file = plane.directory / "enrolment-tokens.json"
    plane.command(
        "inventory",
        "import",
        str(plane.fleet.inventory_path.parent),
        f"--tenant={TENANT}",
        "--create-tenants",
        f"--known-hosts={access.known_hosts(plane.fleet.name)}",
        f"--enrolment-tokens={tokens_file}",
    )
    password = _password(plane)
    tokens: dict[str, str] = json.loads(tokens_file.read_text()) if tokens_file.exists() else {}
    tokens_file.unlink(missing_ok=True)
    plane.fleet.up(sites=len(plane.fleet.sites), control_url=plane.url, enrolment_tokens=tokens)
    return Person(EMAIL, password, ControlApi(plane.local_url, EMAIL, password))


def install(plane: ControlPlane, person: Person) -> None:
    """Run `site.yml`, its output passing through. Raises FleetError when it fails.

    The control plane's inventory stands behind the file: what it has deployed is what a site is meant to run.
    """
    environment = {
        "CARWASH_CONTROL_URL": plane.url,
        "CARWASH_INVENTORY_TOKEN": _inventory_token(person.api),
        "CARWASH_KNOWN_HOSTS": str(plane.directory / "known_hosts"),
        "CARWASH_SSH_KEY_FILE": str(access.client_key(plane.fleet.name)),
    }
    inventories = [plane.fleet.inventory_path.parent, Path("inventory/control_plane")]
    result = run_playbook(inventories, "site.yml", environment=environment)
    if result.returncode:
        raise FleetError(f"site.yml ended with {result.returncode}; its output above says where and why")


def wait_until_here(api: ControlApi, fleet: Fleet) -> None:
    """Returns once every site has registered and checks in."""
    wanted = {site.name for site in fleet.sites}

    def all_here(page: dict[str, list[dict[str, str]]]) -> bool:
        return wanted <= {device["name"] for device in page["items"] if device["status"] in HERE}

    api.wait_for("/api/devices?limit=500", all_here, timeout=ONLINE_SECONDS)


def _password(plane: ControlPlane) -> str:
    """Of the demo's person; made with the person, and kept for the next `make demo` on the same fleet."""
    kept = plane.directory / "operator-password"
    if not kept.exists():
        password = secrets.token_urlsafe(15)
        words = ["users", "create", "--email", EMAIL, "--role", "admin", "--tenant", TENANT, "--password-stdin"]
        plane.command(*words, stdin=password)
        access.write_secret(kept, password)
    return kept.read_text().strip()


def _inventory_token(api: ControlApi) -> str:
    """A token with which the inventory plugin reads what each site is meant to run, for this hour."""
    expires_at = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    body = {"name": "make demo", "scopes": ["fleet:operate", "devices:manage"], "expires_at": expires_at}
    return str(api.post("/api/tokens", body)["token"])
