"""What can be compared with each other, found by its ids. Each raises NotFoundError."""

from __future__ import annotations

from control_ui.models.scope import ScopedSession
from control_ui.services.configuration import device_configuration, templates, versions
from control_ui.services.configuration.diff import Side
from control_ui.services.configuration.rendering import render


def template_version(session: ScopedSession, template_id: int, number: int | None) -> Side:
    """A version of a template; the latest without a number."""
    return Side.of_template(templates.version_of(session, templates.fetch(session, template_id), number))


def device_version(session: ScopedSession, device_id: int, number: int) -> Side:
    """A configuration that was made for a device."""
    device = device_configuration.fetch(session, device_id)
    return Side.of_version(device, device_configuration.version_of(session, device, number))


def device_now(session: ScopedSession, device_id: int, control_url: str) -> Side:
    """What a device would get from its template's latest version, and its override."""
    device = device_configuration.fetch(session, device_id)
    template = device_configuration.latest_template_version(session, device)
    number = versions.next_number(session, device)
    return Side.of_rendering(device, render(session, device, template, number, control_url=control_url))
