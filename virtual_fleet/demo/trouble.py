"""A site in trouble, so that there is something to see: its camera's password was changed, and nobody told the site."""

from __future__ import annotations

from typing import Any

from virtual_fleet.commands import say
from virtual_fleet.control_api import ControlApi
from virtual_fleet.errors import FleetError
from virtual_fleet.fleet import Fleet
from virtual_fleet.site import Site

KIND = "camera-password"
ALERT_SECONDS = 300.0
FIRING = "/api/alerts?state=firing&limit=500"


def failing_site(fleet: Fleet) -> Site:
    """The last one."""
    return fleet.sites[-1]


def end(fleet: Fleet) -> None:
    """Whatever an earlier demo broke works again."""
    fleet.heal(failing_site(fleet))


def begin(fleet: Fleet, api: ControlApi) -> str:
    """Break the last site, and wait until Prometheus has noticed and its alert has arrived; gives the alert's name.

    Empty where none came in time.
    """
    site = failing_site(fleet)
    say(f"{site.name}: {fleet.fault(KIND, site)}")
    say("waiting for Prometheus to notice, and for its alert to arrive (a minute or two) ...")
    try:
        page = api.wait_for(
            "/api/alerts?state=firing&limit=500", lambda page: bool(_of(page, site)), timeout=ALERT_SECONDS
        )
    except FleetError:
        return ""
    return str(_of(page, site)[0]["name"])


def _of(page: dict[str, list[dict[str, Any]]], site: Site) -> list[dict[str, Any]]:
    return [alert for alert in page["items"] if alert["labels"].get("device") == site.name]
