"""From the variables and groups of an Ansible inventory to what is said of devices and sites here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from control_ui.services import timezones
from control_ui.services.devices import facts
from control_ui.services.devices.ansible_inventory import Vault
from control_ui.services.errors import Fault, InvalidError

GROUP = "pis"
"""The hosts that are Pis; others of an inventory (the control plane itself) are none of ours."""
DEVICE_VARIABLES = {
    "ansible_host": "address",
    "ansible_port": "ssh_port",
    "ansible_user": "ssh_user",
    "camera_host": "camera_host",
    "camera_port": "camera_port",
    "camera_path": "camera_path",
    "camera_user": "camera_user",
    "camera_password": "camera_password",
    "pi_service_api_keys": "api_keys",
}
SITE_VARIABLES = {
    "site_name": "name",
    "site_city": "city",
    "site_state": "state",
    "site_latitude": "latitude",
    "site_longitude": "longitude",
    "site_timezone": "timezone",
}
GROUP_PREFIXES = ("tenant", "region", "ring", "hardware", "env")
_WHOLE = ("ssh_port", "camera_port")
_DECIMAL = ("latitude", "longitude")
_LONGEST_TEXT = 200
_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


@dataclass(frozen=True)
class FoundHost:
    """One host. `device` and `site` go by the fields of the models, and hold only what the inventory says."""

    name: str
    tenant: str
    """Slug."""
    device: dict[str, Any]
    site: dict[str, Any]


def find(inventory: dict[str, Any], vault: Vault, tenant: str | None) -> tuple[list[FoundHost], list[Fault]]:
    """The hosts of the group `pis` by name, and everything wrong with them. They are all `tenant`'s, or (None) each the
    tenant's of its group `tenant_*`."""
    members = {group: set(_hosts_in(inventory, group, set())) for group in inventory if group != "_meta"}
    if not members.get(GROUP):
        return [], [Fault(f"groups.{GROUP}", f"there are no hosts in the group {GROUP}: nothing to import")]
    variables = inventory.get("_meta", {}).get("hostvars", {})
    hosts, faults = [], []
    for name in sorted(members[GROUP]):
        groups = [group for group, names in members.items() if name in names]
        host, wrong = _host(name, variables.get(name, {}), groups, vault, tenant)
        hosts.append(host)
        faults += wrong
    hosts = _told_apart(hosts)
    return hosts, [*faults, *_faults_of_shared_sites(hosts)]


def _hosts_in(inventory: dict[str, Any], group: str, seen: set[str]) -> Iterator[str]:
    """Of a group and its children. A group that is its own descendant is refused by Ansible; here it just ends."""
    if group in seen:
        return
    seen.add(group)
    content = inventory.get(group, {})
    yield from content.get("hosts", [])
    for child in content.get("children", []):
        yield from _hosts_in(inventory, child, seen)


def _host(
    name: str, variables: dict[str, Any], groups: list[str], vault: Vault, tenant: str | None
) -> tuple[FoundHost, list[Fault]]:
    path = f"hosts.{name}"
    faults: list[Fault] = []
    device = _taken(variables, DEVICE_VARIABLES, vault, path, faults)
    site = {"name": name} | _taken(variables, SITE_VARIABLES, vault, path, faults)
    if not device.get("api_keys"):
        device.pop("api_keys", None)  # group_vars give every host an empty list: that says nothing
    words = {prefix: _word(groups, prefix, path, faults) for prefix in GROUP_PREFIXES}
    device |= {field: word for field in ("ring", "hardware") if (word := words[field])}
    if words["env"] is None:
        faults.append(Fault(path, "is in no group env_dev, env_staging or env_production"))
    else:
        device["environment"] = words["env"]
    if words["region"]:
        site["region"] = words["region"]
    slug = tenant or (words["tenant"] or "").replace("_", "-").lower()
    if not _SLUG.fullmatch(slug):
        faults.append(Fault(path, "is in no group tenant_* whose name makes the slug of a tenant"))
    faults += facts.faults({"name": name} | device, path) + _faults_of_site(site, path)
    return FoundHost(name, slug, device, site), faults


def _taken(
    variables: dict[str, Any], names: dict[str, str], vault: Vault, path: str, faults: list[Fault]
) -> dict[str, Any]:
    """The variables that mean something here, under the names they have here."""
    taken: dict[str, Any] = {}
    for name, field in names.items():
        if variables.get(name) is None:
            continue
        try:
            value = _typed(field, vault.open(variables[name]))
        except InvalidError as error:
            faults.append(Fault(f"{path}.{name}", error.detail))
            continue
        if isinstance(value, str) and "{{" in value and field != "camera_password":
            faults.append(Fault(f"{path}.{name}", "is a template: only plain values can be imported"))
        else:
            taken[field] = value
    return taken


def _typed(field: str, value: Any) -> Any:
    """Inventories in the INI form know text only."""
    if isinstance(value, str) and field in _WHOLE and value.isascii() and value.isdecimal():
        return int(value)
    if isinstance(value, str) and field in _DECIMAL:
        try:
            return float(value)
        except ValueError:
            return value
    if isinstance(value, int) and not isinstance(value, bool) and field in _DECIMAL:
        return float(value)
    return value


def _word(groups: list[str], prefix: str, path: str, faults: list[Fault]) -> str | None:
    """What stands behind the prefix in the name of the one group of this kind."""
    found = sorted(group.removeprefix(f"{prefix}_") for group in groups if group.startswith(f"{prefix}_"))
    if len(found) > 1:
        faults.append(Fault(path, f"is in more than one group {prefix}_*: {', '.join(found)}"))
    return found[0] if found else None


def _faults_of_site(site: dict[str, Any], path: str) -> list[Fault]:
    faults = []
    for field, largest in (("latitude", 90), ("longitude", 180)):
        value = site.get(field)
        if value is not None and not (isinstance(value, float) and abs(value) <= largest):
            faults.append(Fault(f"{path}.site_{field}", f"must be a number from -{largest} to {largest}"))
    for field in ("name", "city", "state"):
        value = site.get(field, "-")
        if not isinstance(value, str) or not re.fullmatch(facts.LINE, value) or not 0 < len(value) <= _LONGEST_TEXT:
            faults.append(Fault(f"{path}.site_{field}", f"must be one line of 1 to {_LONGEST_TEXT} characters"))
    if "timezone" in site and not timezones.is_known(str(site["timezone"])):
        faults.append(Fault(f"{path}.site_timezone", "is no IANA time zone, such as America/Chicago"))
    return faults + facts.faults({name: value for name, value in site.items() if name == "region"}, path)


def _told_apart(hosts: list[FoundHost]) -> list[FoundHost]:
    """Of a tenant's two sites with one name, in Portland (OR) and Portland (ME), each gets its state behind it."""
    states: dict[tuple[str, str], set[str]] = {}
    for host in hosts:
        states.setdefault(_site_of(host), set()).add(str(host.site.get("state", "")))
    return [
        replace(host, site=host.site | {"name": f"{host.site['name']}, {host.site.get('state', '')}".rstrip(", ")})
        if len(states[_site_of(host)]) > 1
        else host
        for host in hosts
    ]


def _faults_of_shared_sites(hosts: list[FoundHost]) -> list[Fault]:
    """Several Pis may stand at one site, but it can be described only in one way."""
    first: dict[tuple[str, str], FoundHost] = {}
    return [
        Fault(f"hosts.{host.name}", f"and {other.name} stand at the same site, and describe it differently")
        for host in hosts
        if (other := first.setdefault(_site_of(host), host)).site != host.site
    ]


def _site_of(host: FoundHost) -> tuple[str, str]:
    return host.tenant, str(host.site["name"])
