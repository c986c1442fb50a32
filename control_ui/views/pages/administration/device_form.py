"""The record of a device as people enter it: labels a line each, and a camera password that is only ever written."""

from __future__ import annotations

from typing import Any

from flask import request

from control_ui.models import Device
from control_ui.models.devices import Environment
from control_ui.views.api.schemas.devices import DeviceChangeIn
from control_ui.views.pages.form import fields_of

ADVICE = {
    "name": "Enter 1 to 63 of a-z, 0-9, . and -, such as acme-toledo-01",
    "site_id": "Choose the site it stands at",
    "environment": "Choose one",
    "ring": "Enter one word, such as canary, early or main",
    "hardware": "Enter one word, such as pi4, or nothing",
    "labels": "Enter a label a line, such as lane=double: letters, digits, . _ - and /, and none that every device has"
    " (name, site, region, ring, status ...)",
    "address": "Enter a name or an address, or nothing where it cannot be reached from outside",
    "ssh_port": "Enter 1 to 65535",
    "ssh_user": "Enter the name of a user, such as ops",
    "camera_host": "Enter a name or an address, or nothing",
    "camera_port": "Enter 1 to 65535",
    "camera_path": "Enter a path that begins with /",
    "camera_user": "Enter one line of 100 characters at most",
    "camera_password": "Enter one line of 100 characters at most",
    "api_keys": "Enter a key a line: a name, the 64 hex digits of its SHA-256, and when it expires, if it does, as"
    " 2027-01-31T00:00:00Z",
}
KEY_FIELDS = ("name", "sha256", "expires_at")
CHOICES = {"environments": [str(word) for word in Environment]}


def given(model: type[DeviceChangeIn]) -> dict[str, Any]:
    """What was entered. An empty camera password leaves the one that is kept, unless it is to be forgotten."""
    values = fields_of(model)
    values["labels"] = _labels(request.form.get("labels", ""))
    values["api_keys"] = [
        dict(zip(KEY_FIELDS, line.split(), strict=False))
        for line in request.form.get("api_keys", "").splitlines()
        if line.strip()
    ]
    forget = request.form.getlist("forget_camera_password")[-1:] == ["1"]
    if forget:
        values["camera_password"] = None
    elif not values.get("camera_password"):
        values.pop("camera_password", None)
    return values


def labels_as_text(device: Device | None) -> str:
    """`lane=double`, a line each."""
    return "" if device is None else "\n".join(f"{name}={value}" for name, value in sorted(device.labels.items()))


def keys_as_text(device: Device | None) -> str:
    """`controller 5e88... 2027-01-31T00:00:00Z`, a line each."""
    keys = [] if device is None else device.api_keys
    return "\n".join(" ".join(key[field] for field in KEY_FIELDS if key.get(field)) for key in keys)


def _labels(text: str) -> dict[str, str]:
    pairs = (line.partition("=") for line in text.splitlines() if line.strip())
    return {name.strip(): value.strip() for name, _, value in pairs}
