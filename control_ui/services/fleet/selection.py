"""What was chosen on the fleet's page, as it is said before anything is done with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from control_ui.models import Device, DeviceState, Site, Tenant
from control_ui.models.devices import DeviceStatus
from control_ui.models.scope import ScopedSession
from control_ui.services.deployments.waves import AWAY
from control_ui.services.errors import NotFoundError


@dataclass(frozen=True)
class Chosen:
    """A device that was chosen."""

    id: int
    name: str
    """Of its site."""
    status: DeviceStatus
    held: bool


@dataclass(frozen=True)
class Selection:
    """By the names of the sites; never empty."""

    sites: Sequence[Chosen]
    tenants: Sequence[Tenant]

    @property
    def ids(self) -> list[int]:
        return [site.id for site in self.sites]

    @property
    def away(self) -> list[Chosen]:
        """Those that cannot be reached now."""
        return [site for site in self.sites if site.status in AWAY]

    @property
    def held(self) -> list[Chosen]:
        return [site for site in self.sites if site.held]

    @property
    def tenant(self) -> Tenant | None:
        """Whose they are; None where they are of several, and nothing can be done with all of them at once."""
        return self.tenants[0] if len(self.tenants) == 1 else None


def choose(session: ScopedSession, ids: Sequence[int]) -> Selection:
    """Raises NotFoundError where one of them is not there (or none was named)."""
    query = (
        sa.select(Device.id, Site.name, DeviceState.status, Device.held_reason != "", Device.tenant_id)
        .join(Site, Site.id == Device.site_id)
        .join(DeviceState, DeviceState.device_id == Device.id)
        .where(Device.id.in_(ids))
        .order_by(Site.name, Device.id)
    )
    found = session.execute(query).all()
    if not found or len(found) != len(set(ids)):
        raise NotFoundError("some of the chosen sites are not there any more: reload the fleet, and choose again")
    owners = sa.select(Tenant).where(Tenant.id.in_({row[4] for row in found})).order_by(Tenant.name)
    return Selection([Chosen(*row[:4]) for row in found], session.scalars(owners).all())
