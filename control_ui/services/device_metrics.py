"""What every device told at its last check-in, as figures for Prometheus: so also Pis that nobody can scrape are
watched. Two statements, however many devices there are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import contains_eager, joinedload

from control_ui.models import ConfigVersion, Device, DeviceState, Site, Tenant
from control_ui.models.devices import DeviceStatus
from control_ui.models.scope import ScopedSession
from control_ui.services.configuration.desire import wanted
from control_ui.services.devices import causes, status
from control_ui.services.devices.status import Standing
from control_ui.services.healing.escalated import Escalated, escalated
from control_ui.services.reported_metrics import Figure, reported


@dataclass(frozen=True)
class DeviceMetrics:
    """`labels` are those that its scrape target would have."""

    labels: dict[str, str]
    figures: list[Figure]


def read(session: ScopedSession, now: datetime) -> list[DeviceMetrics]:
    """Of all devices of this scope that ever checked in. Figures of the Pi itself only where it has no address to be
    scraped at, and only while it is heard of: figures that are no longer renewed would look like good ones."""
    in_need: defaultdict[int, list[Escalated]] = defaultdict(list)
    for case in escalated(session):
        in_need[case.device_id].append(case)
    return [
        DeviceMetrics(
            {
                "tenant": slug,
                "region": device.site.region,
                "ring": device.ring,
                "site": device.site.name,
                "device": device.name,
                "environment": device.environment.value,
            },
            [*_figures(device, now), *_of_healing(in_need[device.id])],
        )
        for device, slug in session.execute(_QUERY)
    ]


def _figures(device: Device, now: datetime) -> Iterator[Figure]:
    state = device.state
    if state.last_seen_at is None:
        return
    age_seconds = max(0.0, (now - state.last_seen_at).total_seconds())
    standing = Standing.of(state, wanted(state, now))
    online = state.status in (DeviceStatus.ONLINE, DeviceStatus.DEGRADED)
    yield Figure("carwash_device_online", int(online))
    yield Figure("carwash_device_checkin_age_seconds", age_seconds)
    yield Figure("carwash_device_configuration_refused", int(_is_refused(standing)))
    cause = causes.likely(device, standing, now)
    if cause is not None:
        yield Figure("carwash_device_problem", 1, {"cause": cause})
    if online and not device.address:
        yield from reported(standing, age_seconds)


def _of_healing(cases: Sequence[Escalated]) -> Iterator[Figure]:
    """A device has a case for each condition at most, and a condition one cause at a time."""
    for condition, cause in sorted({(case.condition, case.cause) for case in cases}):
        yield Figure("carwash_healing_escalated", 1, {"condition": condition, "cause": cause})


def _is_refused(standing: Standing) -> bool:
    wanted_version = standing.wanted
    if wanted_version is None or standing.config_version == wanted_version.number:
        return False
    return bool(status.refusal_of(standing.report, wanted_version.number))


_STATE = contains_eager(Device.state)
_QUERY = (
    sa.select(Device, Tenant.slug)
    .join(Tenant, Tenant.id == Device.tenant_id)
    .join(Site, Site.id == Device.site_id)
    .join(DeviceState, DeviceState.device_id == Device.id)
    .where(DeviceState.status != DeviceStatus.NEVER_SEEN)
    .order_by(Tenant.slug, Device.name)
    .options(
        sa.orm.load_only(Device.name, Device.ring, Device.environment, Device.address, Device.token_sha256),
        contains_eager(Device.site).load_only(Site.name, Site.region),
        _STATE.joinedload(DeviceState.desired_config).load_only(ConfigVersion.number, ConfigVersion.created_at),
        _STATE.options(
            joinedload(DeviceState.config_in_force).load_only(
                ConfigVersion.number, ConfigVersion.device_id, ConfigVersion.shown
            )
        ),
    )
)
"""Without documents and camera passwords, which would all be decrypted."""
