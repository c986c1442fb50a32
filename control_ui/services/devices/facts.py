"""What may be said of a device, and saying it: one list of patterns for the API and for imported inventories."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from control_ui.models import Device, Site
from control_ui.models.devices import Environment
from control_ui.services.devices.selector import KEYS
from control_ui.services.errors import Fault
from control_ui.services.redaction import redact_text

NAME = r"^[a-z0-9][a-z0-9.-]{0,62}$"
"""The `device_id` of config.schema.json."""
WORD = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$"
WORD_OR_EMPTY = r"^([A-Za-z0-9][A-Za-z0-9_.-]{0,62})?$"
HOST_OR_EMPTY = r"^([A-Za-z0-9:][A-Za-z0-9:._-]{0,252})?$"
"""A name or an address. It cannot begin with a dash, which ssh would take for an option."""
USER = r"^[a-z_][a-z0-9_-]{0,31}$"
PATH = r"^/[^\s\x00-\x1f\x7f]{0,999}$"
LINE = r"^[^\x00-\x1f\x7f]*$"
LABEL_NAME = r"^[A-Za-z0-9]([A-Za-z0-9_./-]{0,61}[A-Za-z0-9])?$"
LABEL_VALUE = r"^[A-Za-z0-9_./-]{0,63}$"
KEY_NAME = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$"
SHA256 = r"^[0-9a-f]{64}$"
MOMENT = r"^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d{1,6})?([Zz]|[+-]\d{2}:\d{2})$"
MOST_LABELS = 50
MOST_API_KEYS = 50
LONGEST_LOGIN = 100
LARGEST_PORT = 65535

_PATTERNS = {
    "name": NAME,
    "ring": WORD,
    "hardware": WORD_OR_EMPTY,
    "region": WORD_OR_EMPTY,
    "address": HOST_OR_EMPTY,
    "camera_host": HOST_OR_EMPTY,
    "ssh_user": USER,
    "camera_path": PATH,
    "camera_user": LINE,
    "camera_password": LINE,
}
_KEY_FIELDS = {"name", "sha256", "expires_at"}
_LONGEST = {"camera_user": LONGEST_LOGIN, "camera_password": LONGEST_LOGIN}
Changes = dict[str, tuple[Any, Any]]
"""Field to what it was and what it is, as both may be shown."""


def faults(values: Mapping[str, Any], path: str = "$") -> list[Fault]:
    """Everything wrong with `values`, which go by the fields of Device. Nothing that was given is quoted."""
    found = []
    for name, value in values.items():
        if (what := _wrong(name, value)) is not None:
            found.append(Fault(f"{path}.{name}", what))
    found += _faults_of_labels(values.get("labels", {}), f"{path}.labels")
    found += _faults_of_keys(values.get("api_keys", []), f"{path}.api_keys")
    return found


def put(row: Device | Site, values: Mapping[str, Any]) -> Changes:
    """Set what differs, and say so. A camera's password stays out of it: its revision goes up."""
    changes: Changes = {}
    for name, value in values.items():
        before = getattr(row, name)
        if value == before or (name == "camera_path" and value == redact_text(before or "")):
            continue
        setattr(row, name, value)
        if name == "camera_password" and isinstance(row, Device):
            row.camera_password_revision = (row.camera_password_revision or 0) + 1
            changes["camera_password_revision"] = (row.camera_password_revision - 1, row.camera_password_revision)
        else:
            changes[name] = (_plain(before), _plain(value))
    return changes


def before_and_after(changes: Changes) -> tuple[dict[str, Any], dict[str, Any]]:
    """As the audit trail takes them."""
    return ({name: pair[0] for name, pair in changes.items()}, {name: pair[1] for name, pair in changes.items()})


def _wrong(name: str, value: Any) -> str | None:
    """What is wrong with one value, None where it is fine or of no kind that is checked here."""
    if value is None:
        return None if name == "camera_password" else "must not be null"
    if name in _PATTERNS:
        if not isinstance(value, str):
            return "must be text"
        if not re.fullmatch(_PATTERNS[name], value):
            return f"does not fit {_PATTERNS[name]}"
        return f"is longer than {_LONGEST[name]} characters" if len(value) > _LONGEST.get(name, len(value)) else None
    if name in ("ssh_port", "camera_port"):
        whole = isinstance(value, int) and not isinstance(value, bool)
        return None if whole and 1 <= value <= LARGEST_PORT else f"must be a whole number from 1 to {LARGEST_PORT}"
    if name == "environment":
        words = [word.value for word in Environment]
        return None if value in words else f"must be one of {', '.join(words)}"
    return None


def _faults_of_labels(labels: Any, path: str) -> list[Fault]:
    if not isinstance(labels, dict) or len(labels) > MOST_LABELS:
        return [Fault(path, f"must be an object of {MOST_LABELS} labels at most")]
    found = []
    for name, value in labels.items():
        if not re.fullmatch(LABEL_NAME, name):
            found.append(Fault(path, f"a label's name must fit {LABEL_NAME}"))
        elif name in KEYS:
            found.append(Fault(f"{path}.{name}", "is what every device has: set it there"))
        elif not isinstance(value, str) or not re.fullmatch(LABEL_VALUE, value):
            found.append(Fault(f"{path}.{name}", f"must be text that fits {LABEL_VALUE}"))
    return found


def _faults_of_keys(keys: Any, path: str) -> list[Fault]:
    if not isinstance(keys, list) or len(keys) > MOST_API_KEYS or not all(isinstance(key, dict) for key in keys):
        return [Fault(path, f"must be a list of {MOST_API_KEYS} objects at most")]
    found = [fault for at, key in enumerate(keys) for fault in _faults_of_key(key, f"{path}[{at}]")]
    names = [str(key.get("name")) for key in keys]
    return [*found, *([Fault(path, "has a name twice")] if len(set(names)) != len(names) else [])]


def _faults_of_key(key: dict[str, Any], path: str) -> list[Fault]:
    found = [Fault(f"{path}.{name}", "is not known here") for name in sorted(map(str, key.keys() - _KEY_FIELDS))]
    for name, pattern in (("name", KEY_NAME), ("sha256", SHA256)):
        if not isinstance(key.get(name), str) or not re.fullmatch(pattern, key[name]):
            found.append(Fault(f"{path}.{name}", f"must be text that fits {pattern}"))
    if "expires_at" in key and not _is_moment(key["expires_at"]):
        found.append(Fault(f"{path}.expires_at", "must be an RFC 3339 time with its offset"))
    return found


def _is_moment(value: Any) -> bool:
    if not isinstance(value, str) or not re.fullmatch(MOMENT, value):
        return False
    try:
        datetime.fromisoformat(value.upper())
    except ValueError:
        return False
    return True


def _plain(value: Any) -> Any:
    return redact_text(value) if isinstance(value, str) else value
