"""How virtual sites come under their control plane: imported from the inventory, then registered by themselves."""

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

ONLINE_SECONDS = 90.0


@dataclass(frozen=True)
class Person:
    """Who steers the fleet: of one tenant, or of all."""

    tenant: str
    email: str
    password: str
    api: ControlApi


def enrol(plane: ControlPlane, email: str, *, tenant: str = "") -> Person:
    """Have every site known to the control plane, a one-time token at each new one, and somebody who may do everything.

    With a `tenant` all sites are its, and the person is its administrator; without one each site is the tenant's of its
    inventory group, and the person the platform's administrator.
    """
    tokens_file = plane.directory / "enrolment-tokens.json"
    plane.command(
        "inventory",
        "import",
        str(plane.fleet.inventory_path.parent),
        *([f"--tenant={tenant}"] if tenant else ["--tenant-from-groups"]),
        "--create-tenants",
        f"--known-hosts={access.known_hosts(plane.fleet.name)}",
        f"--enrolment-tokens={tokens_file}",
    )
    role = ["--role", "admin", "--tenant", tenant] if tenant else ["--role", "platform_admin"]
    _have_user(plane, email, role)
    tokens: dict[str, str] = json.loads(tokens_file.read_text()) if tokens_file.exists() else {}
    tokens_file.unlink(missing_ok=True)
    plane.fleet.up(sites=len(plane.fleet.sites), control_url=plane.url, enrolment_tokens=tokens)
    return person_of(plane, email, tenant=tenant)


def person_of(plane: ControlPlane, email: str, *, tenant: str = "") -> Person:
    """Somebody who was enrolled before. Raises FleetError."""
    try:
        password = _password_file(plane, email).read_text().strip()
    except FileNotFoundError as error:
        raise FleetError(f"fleet {plane.fleet.name!r} has no control plane that knows {email}") from error
    return Person(tenant, email, password, ControlApi(plane.local_url, email, password))


def install(plane: ControlPlane, person: Person) -> None:
    """Run `site.yml`, its output passing through. Raises FleetError when it fails.

    For a tenant's person the control plane's inventory stands behind the file: what it has deployed is what a site is
    meant to run. It is a tenant's own, so where the fleet belongs to several this is for sites that are new.
    """
    inventories, environment = [plane.fleet.inventory_path.parent], {}
    if person.tenant:
        inventories.append(Path("inventory/control_plane"))
        environment = {
            "CARWASH_CONTROL_URL": plane.url,
            "CARWASH_INVENTORY_TOKEN": _inventory_token(person.api),
            "CARWASH_KNOWN_HOSTS": str(plane.directory / "known_hosts"),
            "CARWASH_SSH_KEY_FILE": str(access.client_key(plane.fleet.name)),
        }
    result = run_playbook(inventories, "site.yml", environment=environment)
    if result.returncode:
        raise FleetError(f"site.yml ended with {result.returncode}; its output above says where and why")


def wait_until_here(api: ControlApi, fleet: Fleet) -> None:
    """Returns once every site has registered and checks in."""
    wanted = {site.name for site in fleet.sites}

    def all_here(page: dict[str, list[dict[str, str]]]) -> bool:
        return wanted <= {device["name"] for device in page["items"] if device["status"] in HERE}

    api.wait_for("/api/devices?limit=500", all_here, timeout=ONLINE_SECONDS)


def _have_user(plane: ControlPlane, email: str, role: list[str]) -> None:
    """The password is made with the user, and kept for the next time on the same fleet."""
    kept = _password_file(plane, email)
    if not kept.exists():
        password = secrets.token_urlsafe(15)
        plane.command("users", "create", "--email", email, *role, "--password-stdin", stdin=password)
        access.write_secret(kept, password)


def _password_file(plane: ControlPlane, email: str) -> Path:
    return plane.directory / f"password-of-{email}"


def _inventory_token(api: ControlApi) -> str:
    """A token with which the inventory plugin reads what each site is meant to run, for this hour."""
    expires_at = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    body = {"name": "installing the sites", "scopes": ["fleet:operate", "devices:manage"], "expires_at": expires_at}
    return str(api.post("/api/tokens", body)["token"])
