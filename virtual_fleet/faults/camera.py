"""Faults of the camera."""

from __future__ import annotations

import secrets

from virtual_fleet import network, site_camera
from virtual_fleet.faults.kinds import Fault
from virtual_fleet.site import Site


def _off(site: Site, _value: str | None) -> str:
    network.remove_camera_address(site)
    return f"nobody answers for {site.camera_address}"


def _mode(mode: str, note: str) -> Fault:
    def inject(site: Site, _value: str | None) -> str:
        site_camera.set_mode(site, mode)
        return note

    names = {"refuse": "camera-refuses"}
    return Fault(
        kind=names.get(mode, f"camera-{mode}"),
        sentence=f"The camera is there, but {note}.",
        inject=inject,
        lift=lambda site: site_camera.set_mode(site, "normal"),
        needs_camera=True,
    )


def _change_password(site: Site, value: str | None) -> str:
    site_camera.set_password(site, value or secrets.token_urlsafe(12))
    return "the camera asks for another password"


FAULTS = (
    Fault(
        "camera-off",
        "The camera has no power: packets to it go nowhere.",
        _off,
        network.add_camera_address,
        needs_camera=True,
    ),
    _mode("refuse", "its RTSP port is closed"),
    _mode("silent", "it sends no pictures over a working connection"),
    _mode("frozen", "it sends the very same picture again and again"),
    Fault(
        "camera-password",
        "The camera's password was changed, and nobody told the site (VALUE: the new one).",
        _change_password,
        lambda site: site_camera.set_password(site, site.camera_password),
        needs_camera=True,
    ),
)
