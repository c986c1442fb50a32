"""Inventory from the control plane: the same variables and groups that the files set."""

from __future__ import annotations

import json
import os
import re
import shlex
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

from ansible.errors import AnsibleParserError
from ansible.plugins.inventory import BaseInventoryPlugin
from ansible.utils.unsafe_proxy import wrap_var

DOCUMENTATION = r"""
name: carwash_control_plane
short_description: The sites, as the control plane knows them
version_added: "0.1.0"
description:
  - Reads registered devices with their groups, SSH host keys and desired configuration from C(GET /api/inventory).
  - What comes from the control plane is data. No text in it is ever evaluated as a template.
  - The host keys are written to a C(known_hosts) file under the devices' names, and nothing else is trusted.
  - The source is a file C(carwash.yml) with the line C(plugin: carwash_control_plane).
options:
  plugin:
    description: Marks the file as a source for this plugin.
    required: true
    choices: [carwash_control_plane]
  url:
    description: Address of the control plane.
    type: str
    env:
      - name: CARWASH_CONTROL_URL
  token:
    description: Token that may read the inventory. Better in the environment than in a file.
    type: str
    env:
      - name: CARWASH_INVENTORY_TOKEN
  known_hosts:
    description:
      - File the host keys are written to, which is replaced each time.
      - By default one for each control plane in the user's cache, C(~/.cache/carwash/known_hosts/).
    type: str
    env:
      - name: CARWASH_KNOWN_HOSTS
  ssh_key_file:
    description: Private key for the sites.
    type: str
    env:
      - name: CARWASH_SSH_KEY_FILE
  timeout_seconds:
    description: How long the control plane may be silent.
    type: int
    default: 20
"""

EXAMPLES = r"""
# inventory/control_plane/carwash.yml
plugin: carwash_control_plane
url: https://control.example.com
"""

MOST_BYTES = 32 * 1024 * 1024
MOST_DEVICES = 20_000
MOST_PROBLEM_BYTES = 16 * 1024
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
GROUP = re.compile(r"pis|(tenant|region|ring|hardware|env|group)_[A-Za-z0-9_]{1,100}")
HOST_KEY = re.compile(r"((?:sk-)?(?:ssh|ecdsa)-[a-z0-9@.-]{2,60}) ([A-Za-z0-9+/]{16,8000}={0,2})( [^\r\n]*)?")
# What Ansible and ssh act upon is held to its form: ssh takes a host that begins with "-" for an option.
CONNECTION = {
    "ansible_host": re.compile(r"[A-Za-z0-9:][A-Za-z0-9:._-]{0,252}"),
    "ansible_user": re.compile(r"[a-z_][a-z0-9_-]{0,31}"),
    "ansible_port": re.compile(r"[0-9]{1,5}"),
}
VARIABLE = re.compile(r"(site|camera|pi_service)_[a-z0-9_]{1,60}")
# Here `pis` is as deep in the tree as its siblings, and would lose to tenants and rings. In the files it wins.
PIS_PRIORITY = 10


class InventoryModule(BaseInventoryPlugin):  # type: ignore[misc]  # ansible is untyped
    NAME = "carwash_control_plane"

    def verify_file(self, path: str) -> bool:
        return bool(super().verify_file(path)) and Path(path).name in ("carwash.yml", "carwash.yaml")

    def parse(self, inventory: Any, loader: Any, path: str, cache: bool = True) -> None:
        super().parse(inventory, loader, path, cache)
        self._read_config_data(path)
        url = _address(self.get_option("url"), path)
        token = _token(self.get_option("token"), path)
        devices = [_checked(device) for device in read_devices(url, token, self.get_option("timeout_seconds"))]
        _check_names(devices)
        known_hosts = Path(self.get_option("known_hosts") or _default_known_hosts(url)).expanduser().absolute()
        write_known_hosts(known_hosts, devices)
        for device in devices:
            self._add(device, known_hosts)

    def _add(self, device: dict[str, Any], known_hosts: Path) -> None:
        name = device["name"]
        self.inventory.add_host(name)
        for group in device["groups"]:
            self.inventory.add_group(group)
            self.inventory.add_child(group, name)
        if "pis" in device["groups"]:
            self.inventory.set_variable("pis", "ansible_group_priority", PIS_PRIORITY)
        for variable, value in device["variables"].items():
            # From ansible-core 2.19 on, a plugin's texts are no templates unless it says so; before, they were.
            self.inventory.set_variable(name, variable, wrap_var(value))
        self.inventory.set_variable(name, "ansible_ssh_common_args", ssh_arguments(name, known_hosts))
        if key := self.get_option("ssh_key_file"):
            self.inventory.set_variable(name, "ansible_ssh_private_key_file", str(Path(key).expanduser()))


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """urllib would take the token along to wherever it is sent."""

    def redirect_request(self, *_: Any) -> None:
        return None


def read_devices(url: str, token: str, timeout_seconds: int) -> Iterator[Any]:
    """Every device of the control plane, as it sends them. Raises AnsibleParserError with a sentence."""
    opener = urllib.request.build_opener(_NoRedirects)
    address: str | None = urljoin(url, "api/inventory")
    seen, count = set(), 0
    while address:
        seen.add(address)
        request = urllib.request.Request(address, headers={"Authorization": f"Bearer {token}"})  # noqa: S310  # http(s), checked
        document = _document(_body(opener, request, url, timeout_seconds), url)
        count += len(document["devices"])
        if count > MOST_DEVICES:
            raise AnsibleParserError(f"{url} has more than {MOST_DEVICES} devices; use a token of one tenant")
        yield from document["devices"]
        address = _next(document, address, url)
        if address in seen:
            raise AnsibleParserError(f"{url} sends the same page of its inventory again and again")


def _body(opener: Any, request: urllib.request.Request, url: str, timeout_seconds: int) -> bytes:
    try:
        with opener.open(request, timeout=timeout_seconds) as response:
            body: bytes = response.read(MOST_BYTES + 1)
    except urllib.error.HTTPError as error:
        with error:
            raise AnsibleParserError(_refusal(error, url)) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        raise AnsibleParserError(
            f"the control plane at {url} cannot be reached: {reason}. Is it up, and is this its address?"
        ) from None
    if len(body) > MOST_BYTES:
        raise AnsibleParserError(f"{url} sent more than {MOST_BYTES // 2**20} MiB at once, which is no inventory")
    return body


def _refusal(error: urllib.error.HTTPError, url: str) -> str:
    if error.code == 401:
        return (
            f"{url} does not know this token (401). A run's token ends with the run; others may have expired: make one"
        )
    if error.code == 403:
        return f"{url} knows this token, but it may not read the inventory (403): make one with that scope"
    if 300 <= error.code < 400:
        target = error.headers.get("Location", "nowhere")
        return f"{url} sends on to {target}; the token is not taken along. If that is its address, set it as the url"
    said = _said(error)
    return f"{url} answered {error.code} {error.reason} instead of its inventory{f': {said}' if said else ''}"


def _said(error: urllib.error.HTTPError) -> str:
    """The control plane's own sentence and what it found wrong, where its answer is a problem document (RFC 9457)."""
    if error.headers.get_content_type() != "application/problem+json":
        return ""
    try:
        problem = json.loads(error.read(MOST_PROBLEM_BYTES))
        faults = [f"{fault['path']} {fault['message']}" for fault in problem.get("faults", [])]
        words = "; ".join([problem["detail"], *faults])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return ""  # cut off, or of another form: the status says what there is to say
    return "".join(character for character in words if character.isprintable())


def _document(body: bytes, url: str) -> dict[str, Any]:
    try:
        document = json.loads(body)
    except ValueError:
        raise AnsibleParserError(
            f"{url} did not answer in JSON. Is it the control plane, or a page before it?"
        ) from None
    if not isinstance(document, dict) or not isinstance(document.get("devices"), list):
        raise AnsibleParserError(
            f"{url} answered without a list of devices. Is it of the same version as this checkout?"
        )
    return document


def _next(document: dict[str, Any], address: str, url: str) -> str | None:
    """The following page's address, which is the same server's."""
    path = document.get("next")
    if path is None:
        return None
    following = urljoin(address, path) if isinstance(path, str) else ""
    if urlsplit(following)[:2] != urlsplit(address)[:2]:
        raise AnsibleParserError(f"{url} names {path!r} as its next page, which is not its own")
    return following


def _checked(device: Any) -> dict[str, Any]:
    """The device, its groups' names as Ansible takes them. Raises AnsibleParserError for one that makes no sense."""
    name = device.get("name") if isinstance(device, dict) else None
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise AnsibleParserError(f"the control plane has a device named {name!r}, which is no name of a host")
    kinds = {"variables": dict, "groups": list, "ssh_host_keys": list}
    for part, kind in kinds.items():
        if not isinstance(device.get(part), kind):
            raise AnsibleParserError(f"{part} of {name} is missing or not of the form it should have")
    _check_variables(name, device["variables"])
    for key in device["ssh_host_keys"]:
        if not isinstance(key, str) or not HOST_KEY.fullmatch(key):
            raise AnsibleParserError(f"{name} has {key!r} as SSH host key, which is none")
    return {**device, "groups": [_group(name, group) for group in device["groups"]]}


def _check_variables(name: str, variables: dict[str, Any]) -> None:
    for variable, value in variables.items():
        form = CONNECTION.get(variable)
        if form is None and not VARIABLE.fullmatch(variable):
            raise AnsibleParserError(f"{name} has a variable {variable!r}, which is not the control plane's to set")
        if form is not None and not form.fullmatch(str(value)):
            raise AnsibleParserError(f"{variable} of {name} is {value!r}, which ssh must not be given")


def _group(name: str, group: Any) -> str:
    safe = re.sub(r"[\s.-]", "_", group) if isinstance(group, str) else ""
    if not GROUP.fullmatch(safe):
        raise AnsibleParserError(f"{name} is in a group {group!r}, which is not one of pis, tenant_*, region_*, ...")
    return safe


def _check_names(devices: list[dict[str, Any]]) -> None:
    """A name stands for one thing: Ansible would mix up hosts of one name, and a host with a group."""
    groups = {"all", "ungrouped"}.union(*(device["groups"] for device in devices))
    seen: set[str] = set()
    for name in (device["name"] for device in devices):
        if name in seen or name in groups:
            raise AnsibleParserError(f"the control plane has {name!r} twice, as a device or as a group, too")
        seen.add(name)


def _address(url: str | None, path: str) -> str:
    parts = urlsplit(url or "")
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.query or parts.fragment:
        raise AnsibleParserError(
            f"the address of the control plane is {url!r}: set CARWASH_CONTROL_URL, or url in {path},"
            " to the like of https://control.example.com"
        )
    return f"{url}/" if not parts.path.endswith("/") else str(url)


def _token(token: str | None, path: str) -> str:
    """It is never shown, not even a wrong one."""
    if not token or not re.fullmatch(r"[\x21-\x7e]+", token):
        wrong = "has characters that no token has" if token else "is missing"
        raise AnsibleParserError(f"the inventory token {wrong}: set CARWASH_INVENTORY_TOKEN, or token in {path}")
    return token


def _default_known_hosts(url: str) -> Path:
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "carwash" / "known_hosts" / re.sub(r"[^A-Za-z0-9.-]+", "_", url.partition("://")[2]).strip("_")


def write_known_hosts(path: Path, devices: list[dict[str, Any]]) -> None:
    """Replace the file in one step. Raises AnsibleParserError where that cannot be."""
    lines = [f"{device['name']} {' '.join(key.split()[:2])}\n" for device in devices for key in device["ssh_host_keys"]]
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.writelines(lines)
        Path(beside).replace(path)
    except OSError as error:
        raise AnsibleParserError(
            f"the sites' host keys cannot be written to {path}: {error.strerror}; set CARWASH_KNOWN_HOSTS to another"
        ) from None


def ssh_arguments(name: str, known_hosts: Path) -> str:
    """Only the keys that the control plane has for this device count, whatever its address."""
    # ssh reads the value as a list with "%" and "${}" to be filled in.
    file = str(known_hosts).replace("%", "%%")
    options = (
        f"HostKeyAlias={name}",
        f'UserKnownHostsFile="{file}"',
        "GlobalKnownHostsFile=/dev/null",
        "StrictHostKeyChecking=yes",
    )
    return " ".join(f"-o {shlex.quote(option)}" for option in options)
