"""The device that a page is about, and the tab that shows it."""

from __future__ import annotations

from typing import Any

from flask import render_template

from control_ui.models import Device
from control_ui.services import rows
from control_ui.services.errors import NotFoundError
from control_ui.views.api.operation import LARGEST_ID, Call

PER_PAGE = 25


def fetch(call: Call, device_id: int) -> Device:
    """Raises NotFoundError: a stranger's is not there."""
    if device_id > LARGEST_ID:
        raise NotFoundError(f"there is no site {device_id}")
    return rows.fetch(call.session, Device, device_id, "site")


def tab(name: str, device: Device, **values: Any) -> str:
    """The page `site/<name>.html`, with `name` as the current tab."""
    return render_template(f"site/{name}.html", tab=name, device=device, site=device.site, state=device.state, **values)
