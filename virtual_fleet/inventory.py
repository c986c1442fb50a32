"""Writes the inventory by which the real playbooks reach a virtual fleet."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from virtual_fleet import access
from virtual_fleet.image_contents import USER
from virtual_fleet.places import DEV_INVENTORY, REPOSITORY, STATE_ROOT
from virtual_fleet.site import CAMERA_PATH, CAMERA_PORT, CAMERA_USER, Site

# City, state, latitude, longitude, region.
_PLACES = (
    ("Columbus", "OH", 39.9612, -82.9988, "midwest"),
    ("Hartford", "CT", 41.7658, -72.6734, "northeast"),
    ("Austin", "TX", 30.2672, -97.7431, "south"),
    ("Boise", "ID", 43.6150, -116.2023, "west"),
    ("Madison", "WI", 43.0731, -89.4012, "midwest"),
    ("Savannah", "GA", 32.0809, -81.0912, "south"),
    ("Tucson", "AZ", 32.2226, -110.9747, "west"),
    ("Albany", "NY", 42.6526, -73.7562, "northeast"),
)
TENANTS = ("bluewave", "cleancar", "foamworks", "rainmaker", "sparkle", "sudsy")
_EARLY_SITES = 2
_CHECKIN_INTERVAL_SECONDS = 2
_HEADER = "---\n# Written by `python -m virtual_fleet up`; gone with `down`. Holds passwords of virtual cameras.\n"


def default_path(fleet: str) -> Path:
    """`inventory/dev/hosts.yml` for the fleet `demo`; for any other a file among its state."""
    return DEV_INVENTORY if fleet == "demo" else STATE_ROOT / fleet / "inventory" / "hosts.yml"


def write(path: Path, content: Mapping[str, Any]) -> None:
    """Replace the inventory file in one step (mode 0600), with the repository's group_vars and host_vars beside it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    for name in ("group_vars", "host_vars"):
        link = path.parent / name
        if not link.exists() and not link.is_symlink():
            link.symlink_to(os.path.relpath(REPOSITORY / name, path.parent.resolve()))
    text = yaml.safe_dump(content, sort_keys=False)
    access.write_secret(path, _HEADER + text.rstrip("\n"))


def document(
    sites: Sequence[Site],
    *,
    bare: bool,
    interval_seconds: float | None = None,
    tenants: int = len(TENANTS),
    control_url: str | None = None,
    enrolment_tokens: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """The inventory as plain data: hosts in `pis`, and groups for environment, ring, tenant, region and hardware.

    The sites are dealt out to so many `tenants`. `enrolment_tokens` are by site name; one without does not register.
    """
    pis: dict[str, Any] = {
        "hosts": {
            site.name: host_variables(site, bare=bare)
            | _control_variables(control_url, (enrolment_tokens or {}).get(site.name))
            for site in sites
        }
    }
    if interval_seconds is not None:
        pis["vars"] = {"pi_service_setting_snapshot_interval_seconds": interval_seconds}
    children: dict[str, Any] = {"env_dev": {"children": {"pis": None}}, "pis": pis}
    for site in sites:
        for group in groups_of(site, tenants):
            children.setdefault(group, {"hosts": {}})["hosts"][site.name] = None
    return {"all": {"children": children}}


def groups_of(site: Site, tenants: int = len(TENANTS)) -> list[str]:
    """The first site is the canary, the next two are early."""
    ring = "canary" if site.index == 0 else "early" if site.index <= _EARLY_SITES else "main"
    tenant, region = TENANTS[site.index % tenants], _PLACES[site.index % len(_PLACES)][4]
    return [f"ring_{ring}", f"tenant_{tenant}", f"region_{region}", "hardware_pi4"]


def host_variables(site: Site, *, bare: bool) -> dict[str, Any]:
    """What the playbooks know about one site."""
    city, state, latitude, longitude, _ = _PLACES[site.index % len(_PLACES)]
    variables: dict[str, Any] = {
        "ansible_host": site.address,
        "ansible_user": USER,
        "ansible_ssh_private_key_file": str(access.client_key(site.fleet)),
        "ansible_ssh_common_args": " ".join(access.ssh_options(site.fleet)),
        "ansible_python_interpreter": "/usr/bin/python3",
        "site_name": site.title,
        "site_city": city,
        "site_state": state,
        "site_latitude": latitude,
        "site_longitude": longitude,
    }
    return variables if bare else variables | _camera_variables(site) | {"pi_service_api_keys": [_api_key(site)]}


def _control_variables(control_url: str | None, enrolment_token: str | None) -> dict[str, Any]:
    """How a site finds its control plane. The host's own: over a group's, group_vars/env_dev.yml would win."""
    variables: dict[str, Any] = {}
    if control_url is not None:
        variables["pi_service_setting_control_url"] = control_url
        variables["pi_service_setting_checkin_interval_seconds"] = _CHECKIN_INTERVAL_SECONDS
    if enrolment_token is not None:
        variables["pi_service_enrolment_token"] = enrolment_token
    return variables


def _camera_variables(site: Site) -> dict[str, Any]:
    return {
        "camera_host": site.camera_address,
        "camera_port": CAMERA_PORT,
        "camera_path": CAMERA_PATH,
        "camera_user": CAMERA_USER,
        "camera_password": site.camera_password,
    }


def _api_key(site: Site) -> dict[str, str]:
    key = access.api_key(site.fleet).read_text().strip()
    return {"name": "controller", "sha256": hashlib.sha256(key.encode()).hexdigest()}
