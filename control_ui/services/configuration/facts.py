"""What an expression may ask about the device it is worked out for. There is nothing else it can see."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from control_ui.models import Device, Tenant
from control_ui.services.redaction import MASK

CAMERA_URL = ("camera", "url")
LABELS = ("device", "labels")
KINDS: dict[str, dict[str, str]] = {
    "device": {
        "name": "string",
        "ring": "string",
        "hardware": "string",
        "environment": "string",
        "labels": "object",
        "api_keys": "array",
    },
    "site": {
        "name": "string",
        "city": "string",
        "state": "string",
        "region": "string",
        "latitude": "number",
        "longitude": "number",
        "timezone": "string",
    },
    "camera": {"host": "string", "port": "integer", "path": "string", "user": "string", "url": "string"},
    "tenant": {"slug": "string", "name": "string"},
    "control": {"url": "string"},
}
"""Group -> fact -> its type as JSON Schema names it. Of `device.labels` each label is a fact, and text."""


class Facts(dict[str, Any]):
    """Some facts of one group. What is None is not known; `missing` says why, where there is more to say."""

    def __init__(self, name: str, values: Mapping[str, Any], missing: Mapping[str, str] | None = None) -> None:
        super().__init__({key: value for key, value in values.items() if value is not None})
        self.name = name
        self._missing = missing or {}

    def why_missing(self, key: str) -> str:
        """A sentence without any value."""
        return self._missing.get(key, f"{self.name}.{key} is not known for this device: use default(...)")


def facts_of(device: Device, tenant: Tenant, control_url: str, *, masked: bool) -> dict[str, Facts]:
    """Everything an expression sees; `masked`: with *** for the camera password."""
    url, why = camera_url(device, MASK if masked and device.camera_password else device.camera_password)
    site = device.site
    return {
        "device": Facts(
            "device",
            {
                "name": device.name,
                "ring": device.ring,
                "hardware": device.hardware,
                "environment": str(device.environment),
                "labels": Facts("device.labels", device.labels),
                "api_keys": device.api_keys,
            },
        ),
        "site": Facts("site", {name: getattr(site, name) for name in KINDS["site"]}),
        "camera": Facts(
            "camera",
            {
                "host": device.camera_host or None,
                "port": device.camera_port,
                "path": device.camera_path,
                "user": device.camera_user,
                "url": url,
            },
            {"url": why},
        ),
        "tenant": Facts("tenant", {"slug": tenant.slug, "name": tenant.name}),
        "control": Facts("control", {"url": control_url}),
    }


def camera_url(device: Device, password: str | None) -> tuple[str | None, str]:
    """Address of the camera's stream with user and password, percent-encoded as group_vars do it; and, where there is
    none, why."""
    if not device.camera_host:
        return None, "the device has no camera_host: set it, or write the address into rtsp_url"
    login = ""
    if device.camera_user:
        if password is None:
            return None, "the device has a camera_user, but no camera_password: set it"
        login = login_of(device, password)
    return f"rtsp://{login}{device.camera_host}:{device.camera_port}{device.camera_path}", ""


def login_of(device: Device, password: str) -> str:
    """`user:password@` as it stands in an address; with a mask for the password as that is."""
    return f"{quote(device.camera_user, safe='')}:{password if password == MASK else quote(password, safe='')}@"
