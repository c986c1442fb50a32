"""A tenant with a site for the SLA report."""

from __future__ import annotations

import pytest

from control_ui.models import Device, Tenant
from control_ui.models.devices import DeviceStatus
from control_ui.models.scope import ScopedSession
from tests.control_ui import factories
from tests.control_ui.reports.outages import HOURS, changed, sampled


@pytest.fixture
def tenant(session: ScopedSession) -> Tenant:
    return factories.tenant(session, "ours", timezone="America/Chicago")


@pytest.fixture
def device(session: ScopedSession, tenant: Tenant) -> Device:
    """Online since before the period, with a fresh picture each minute but from minute 100 to 130."""
    device = factories.device(session, tenant, "pi-east", site=factories.site(session, tenant, name="Site east"))
    changed(session, device, -500, DeviceStatus.ONLINE)
    sampled(session, device, -2, 100)
    sampled(session, device, 130, HOURS * 60)
    return device
