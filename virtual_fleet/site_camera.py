"""The camera that belongs to a site of a fleet: its own address on the bridge, its own process on this machine."""

from __future__ import annotations

import os

from virtual_fleet import cameras, cgroups, commands, network
from virtual_fleet.site import CAMERA_PATH, CAMERA_PORT, CAMERA_USER, Site


def start(site: Site) -> None:
    """Start the camera and return when it listens. Raises CameraError."""
    network.add_camera_address(site)
    options = cameras.CameraOptions(
        name=site.title, listen=site.camera_address, port=CAMERA_PORT, path=CAMERA_PATH, user=CAMERA_USER
    )
    command = cameras.command(options, site.camera_password_file, site.camera_control)
    groups = cgroups.create(site.fleet, site.name, "camera")
    reading, writing = os.pipe()
    try:
        with site.camera_log.open("ab") as log:
            commands.start_detached(command, cameras.environment(), groups, output=writing, errors=log.fileno())
        os.close(writing)
        writing = -1
        cameras.wait_until_ready(reading, site.title, site.camera_log)
    finally:
        os.close(reading)
        if writing >= 0:
            os.close(writing)


def is_running(site: Site) -> bool:
    return bool(cgroups.pids(site.fleet, site.name, "camera"))


def stop(site: Site) -> None:
    """End the camera's process, if there is one."""
    cgroups.kill(site.fleet, site.name, "camera")


def describe(site: Site) -> str:
    """What the camera is doing, in a word or two."""
    if not is_running(site):
        return "not running"
    try:
        return cameras.send(site.camera_control, {})
    except cameras.CameraError:
        return "does not answer"


def set_mode(site: Site, mode: str) -> None:
    """`normal`, `refuse`, `silent` or `frozen`; in force when this returns."""
    cameras.send(site.camera_control, {"mode": mode})


def set_password(site: Site, password: str) -> None:
    cameras.send(site.camera_control, {"password": password})
