"""Where Prometheus finds the Pis."""

from __future__ import annotations

import ipaddress
from typing import Any

import sqlalchemy as sa

from control_ui.models import Device, Site, Tenant
from control_ui.models.scope import ScopedSession

PORT = 8080
"""Of the snapshot API, which has /metrics too."""


def targets(session: ScopedSession) -> list[dict[str, Any]]:
    """One group for each device with an address, in the form of Prometheus' HTTP service discovery."""
    query = (
        sa.select(Device.name, Device.address, Device.ring, Device.environment, Site.name, Site.region, Tenant.slug)
        .join(Site, Site.id == Device.site_id)
        .join(Tenant, Tenant.id == Device.tenant_id)
        .where(Device.address != "")
        .order_by(Tenant.slug, Device.name)
    )
    return [
        {
            "targets": [f"{host(address)}:{PORT}"],
            "labels": {
                "tenant": slug,
                "region": region,
                "ring": ring,
                "site": site,
                "device": device,
                "environment": environment.value,
            },
        }
        for device, address, ring, environment, site, region, slug in session.execute(query)
    ]


def host(address: str) -> str:
    """An IPv6 address needs brackets before a port."""
    try:
        return f"[{address}]" if ipaddress.ip_address(address).version == 6 else address
    except ValueError:  # a name
        return address
