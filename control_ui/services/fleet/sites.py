"""Every site of a scope with what the fleet's page says of it, by one statement however many there are."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from control_ui.models import ConfigTemplate, ConfigVersion, Device, DeviceState, Site, TemplateVersion, Tenant
from control_ui.models.devices import DeviceStatus
from control_ui.models.scope import ScopedSession
from control_ui.services.devices.selector import parse, where

NONE = "none"
"""The word for a fact that a site does not have: no region, no release told yet."""
DIFFERS = "differs"
"""Of configurations: the one in force is not the one that is wanted."""
FACETS = ("tenant", "region", "ring", "template", "config", "release")


@dataclass(frozen=True)
class FleetSite:
    """One device at its site. `id` and `device` are the device's."""

    id: int
    device: str
    name: str
    city: str
    state: str
    address: str
    latitude: float | None
    longitude: float | None
    tenant_slug: str
    tenant: str
    region: str
    ring: str
    template_version_id: int | None
    """Of the configuration in force; None where that did not come from a template here."""
    template_name: str | None
    template_number: int | None
    config_version: int | None
    """The number in force, as reported."""
    wanted_version: int | None
    release: str
    status: DeviceStatus
    reasons: list[str]
    since: datetime
    held_reason: str

    @property
    def place(self) -> str:
        return ", ".join(part for part in (self.city, self.state) if part)

    @property
    def why(self) -> str:
        return "; ".join(self.reasons)

    @property
    def template(self) -> str:
        """`Standard camera 2`, or empty."""
        return f"{self.template_name} {self.template_number}" if self.template_name else ""

    @property
    def differs(self) -> bool:
        return self.wanted_version is not None and self.wanted_version != self.config_version

    @cached_property
    def facets(self) -> dict[str, str]:
        """What can be filtered by (FACETS), as it stands in an address."""
        values: dict[str, Any] = {
            "tenant": self.tenant_slug,
            "region": self.region,
            "ring": self.ring,
            "template": self.template_version_id,
            "config": self.config_version,
            "release": self.release,
        }
        return {name: str(value or NONE) for name, value in values.items()}

    def called(self, name: str) -> str:
        """A facet as people read it."""
        return {"tenant": self.tenant, "template": self.template}.get(name, self.facets[name]) or NONE


def read(session: ScopedSession) -> list[FleetSite]:
    """Of this scope, by the name of the site."""
    in_force, wanted = aliased(ConfigVersion), aliased(ConfigVersion)
    columns: list[Any] = [
        Device.id, Device.name, Site.name, Site.city, Site.state, Device.address, Site.latitude, Site.longitude,
        Tenant.slug, Tenant.name, Site.region, Device.ring, TemplateVersion.id, ConfigTemplate.name,
        TemplateVersion.number, DeviceState.config_version, wanted.number, DeviceState.release, DeviceState.status,
        DeviceState.status_reasons, DeviceState.status_since, Device.held_reason,
    ]  # fmt: skip
    query = (
        sa.select(*columns)
        .select_from(Device)
        .join(Site, Site.id == Device.site_id)
        .join(Tenant, Tenant.id == Device.tenant_id)
        .join(DeviceState, DeviceState.device_id == Device.id)
        .outerjoin(wanted, wanted.id == DeviceState.desired_config_id)
        .outerjoin(in_force, _is_in_force(in_force))
        .outerjoin(TemplateVersion, TemplateVersion.id == in_force.template_version_id)
        .outerjoin(ConfigTemplate, ConfigTemplate.id == TemplateVersion.template_id)
        .order_by(Site.name, Device.name, Device.id)
    )
    rows: Iterable[Any] = session.execute(query)
    return [FleetSite(*row) for row in rows]


def matching(session: ScopedSession, label_query: str) -> set[int]:
    """Ids of the devices that a label query finds. Raises InvalidError for one that makes no sense."""
    return set(session.scalars(sa.select(Device.id).where(where(parse(label_query)))))


def choices(sites: Collection[FleetSite]) -> dict[str, list[tuple[str, str]]]:
    """By facet, the values there are, as they stand in an address and as people read them."""
    found = {name: {site.facets[name]: site.called(name) for site in sites} for name in FACETS}
    return {
        name: sorted(values.items(), key=lambda item: _natural(item[0] == NONE, item[1]))
        for name, values in found.items()
    }


def _is_in_force(version: Any) -> sa.ColumnElement[bool]:
    return sa.and_(version.device_id == Device.id, version.number == DeviceState.config_version)


def _natural(is_none: bool, words: str) -> tuple[bool, int, str]:
    """Numbers by their size, what is not known last."""
    return is_none, int(words) if words.isdecimal() else 0, words
