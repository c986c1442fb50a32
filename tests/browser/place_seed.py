"""One site with its Pi: where it is, and how it stands."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

from control_ui.models import Device, Tenant
from control_ui.models.devices import DeviceStatus
from control_ui.models.scope import ScopedSession
from tests.control_ui import factories

REGIONS = {"midwest": (41.1, -83.5), "south": (33.2, -88.4), "northeast": (42.3, -74.1), "west": (38.2, -119.3)}
STATES = {"midwest": "OH", "south": "MS", "northeast": "NY", "west": "CA"}
ZONES = {
    "midwest": "America/Chicago",
    "south": "America/Chicago",
    "northeast": "America/New_York",
    "west": "America/Los_Angeles",
}
DEGRADED = ["the picture is 48 s old", "the Pi's clock is not synchronised", "the processor is at 81 °C"]


def placed(session: ScopedSession, tenant: Tenant, at: int, of: int, now: datetime, chance: random.Random) -> Device:
    region = list(REGIONS)[at % len(REGIONS)]
    latitude, longitude = REGIONS[region]
    site = factories.site(
        session, tenant,
        name=f"{tenant.name} {STATES[region]} {at + 1:03}", city=f"Town {at // 7 + 1}", state=STATES[region],
        region=region, timezone=ZONES[region],
        latitude=round(latitude + chance.uniform(-3, 3), 4), longitude=round(longitude + chance.uniform(-3, 3), 4),
    )  # fmt: skip
    status = _status(at, of)
    seen = {
        DeviceStatus.ONLINE: now - timedelta(seconds=chance.randint(1, 9)),
        DeviceStatus.DEGRADED: now - timedelta(seconds=chance.randint(1, 9)),
        DeviceStatus.OFFLINE: now - timedelta(minutes=chance.randint(5, 900)),
        DeviceStatus.NEVER_SEEN: None,
    }[status]
    device = factories.device(
        session, tenant, f"{tenant.slug}-{at + 1:03}",
        site=site, status=status, last_seen_at=seen, config_version=None if seen is None else 1 + at % 2,
        release="" if seen is None else ("1.4.0" if at % 9 else "1.3.2"),
        ring="canary" if at < of // 100 + 1 else ("early" if at % 10 == 0 else "main"),
        hardware="pi4", address=f"127.98.{at // 250}.{at % 250 + 1}",
        labels={"lane": "double" if at % 3 == 0 else "single"},
    )  # fmt: skip
    device.state.status_since = (seen or now) - timedelta(minutes=at % 300)
    device.state.overdue_at = None if seen is None else now + timedelta(days=1)
    if status == DeviceStatus.DEGRADED:
        device.state.status_reasons = [DEGRADED[at % len(DEGRADED)]]
    if status == DeviceStatus.OFFLINE:
        device.state.status_reasons = ["it has not checked in"]
    return device


def _status(at: int, of: int) -> DeviceStatus:
    place = at * 100 // of
    if at % 33 == 32:
        return DeviceStatus.OFFLINE
    if at % 20 == 11:
        return DeviceStatus.DEGRADED
    return DeviceStatus.NEVER_SEEN if place == 99 else DeviceStatus.ONLINE
