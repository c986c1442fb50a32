"""Alerts of two tenants, and of the platform."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from control_ui.models import Alert, Device, Incident, Tenant
from control_ui.models.alerts import AlertState
from control_ui.models.scope import ALL_TENANTS, ScopedSession, SessionFactory, open_session
from tests.control_ui import factories
from tests.control_ui.people.cast import Cast


@dataclass(frozen=True)
class Watch:
    """Ids of what there is. Ours are at the site East Gate."""

    device: Device
    incident: int
    critical: int
    warning: int
    over: int
    theirs: int
    platforms: int


def add(session: ScopedSession, device: Device | None, name: str, **values: Any) -> int:
    """An alert that began ten minutes ago."""
    now = datetime.now(UTC)
    defaults = {
        "fingerprint": f"{abs(hash(name)):016x}"[:16], "severity": "critical", "state": AlertState.FIRING,
        "labels": {"alertname": name}, "annotations": {"summary": f"{name} in words"},
        "starts_at": now - timedelta(minutes=10), "received_at": now,
    }  # fmt: skip
    place = {} if device is None else {"tenant_id": device.tenant_id, "device_id": device.id}
    row = Alert(name=name, **defaults | place | values)
    session.add(row)
    session.flush()
    return row.id


@pytest.fixture
def watch(sessions: SessionFactory, cast: Cast) -> Watch:
    with open_session(sessions, ALL_TENANTS) as session:
        site = factories.site(session, cast.tenant, name="East Gate", city="Springfield")
        device = factories.device(session, cast.tenant, "pi-east", site=site)
        their_tenant = session.get_one(Tenant, cast.stranger.tenant_id)
        stranger = factories.device(session, their_tenant, "pi-far")
        now = datetime.now(UTC)
        incident = Incident(tenant_id=cast.tenant.id, title="The east is dark", cause="ISP", opened_at=now)
        session.add(incident)
        session.flush()
        over = {"state": AlertState.RESOLVED, "ends_at": now - timedelta(minutes=1)}
        watch = Watch(
            device,
            incident.id,
            critical=add(session, device, "SiteOffline", incident_id=incident.id),
            warning=add(session, device, "SnapshotStale", severity="warning"),
            over=add(session, device, "TooHot", severity="warning", **over),
            theirs=add(session, stranger, "FarAway"),
            platforms=add(session, None, "DatabaseFull"),
        )
        session.commit()
        return watch
