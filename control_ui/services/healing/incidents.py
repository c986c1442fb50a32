"""Wide outages as incidents: one each, with its likely cause and the alerts of its devices, closed by itself."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from control_ui.models import (
    Alert,
    ConfigTemplate,
    ConfigVersion,
    Device,
    DeviceState,
    HealingCase,
    Incident,
    Site,
    TemplateVersion,
    Tenant,
)
from control_ui.models.alerts import AlertState
from control_ui.models.devices import DeviceStatus
from control_ui.models.healing import CaseState
from control_ui.models.scope import ScopedSession
from control_ui.services.actor import system
from control_ui.services.audit.trail import Subject, record
from control_ui.services.healing.begin import NAME
from control_ui.services.healing.conditions import CONDITIONS
from control_ui.services.healing.outage import Traits, is_over, is_wide, likely_cause, outages
from control_ui.services.healing.plain import Case, Outage, Patient, Sizes
from control_ui.services.rows import swap

WIDE_OUTAGE = "WideOutage"
BEFORE = timedelta(minutes=15)
"""So long before its incident an alert may have begun that belongs to it."""
TRAITS = {
    "address": "Network",
    "region": "Region",
    "release": "Release",
    "configuration": "Configuration",
    "hardware": "Hardware",
    "ring": "Rollout ring",
    "tenant": "Tenant",
}


def see_to(
    session: ScopedSession, cases: Sequence[Case], patients: Mapping[int, Patient], sizes: Sizes, now: datetime
) -> None:
    """Close what is over, let newly affected devices join, open what is new, and link the alerts. Does not commit."""
    open_ = _open(session)
    for incident, condition in open_.items():
        _join(session, incident, condition, cases, now)
        _close_if_over(session, incident, now)
    joined = {case.id for case in cases if case.incident_id is not None}
    fresh = [case for case in cases if case.id not in joined and not _is_covered(session, case)]
    for outage in outages(fresh, patients, sizes, now):
        _open_one(session, outage, fresh, now)
    for incident in _open(session):
        _link_alerts(session, incident)
    session.flush()


def lasting(session: ScopedSession, sizes: Sizes) -> list[Outage]:
    """The wide outages that last."""
    query = (
        sa.select(HealingCase.incident_id, HealingCase.condition, HealingCase.device_id, HealingCase.tenant_id)
        .join(Incident, Incident.id == HealingCase.incident_id)
        .where(Incident.closed_at.is_(None))
    )
    members: dict[tuple[int, str], tuple[set[int], set[int]]] = {}
    for incident_id, condition, device_id, tenant_id in session.execute(query):
        devices, tenants = members.setdefault((int(incident_id or 0), condition), (set(), set()))
        devices.add(device_id)
        tenants.add(tenant_id)
    return [
        Outage(condition, frozenset(devices), frozenset(tenants), is_wide(len(devices), sizes.fleet))
        for (_, condition), (devices, tenants) in members.items()
    ]


def _open(session: ScopedSession) -> dict[Incident, str]:
    """Open incidents that were made here, with their condition."""
    query = (
        sa.select(Incident, sa.func.min(HealingCase.condition))
        .join(HealingCase, HealingCase.incident_id == Incident.id)
        .where(Incident.closed_at.is_(None))
        .group_by(Incident.id)
    )
    return dict(session.execute(query).all())


def _is_covered(session: ScopedSession, case: Case) -> bool:
    """Whether it has just joined one in this transaction."""
    row = session.get(HealingCase, case.id)
    return row is not None and row.incident_id is not None


def _join(session: ScopedSession, incident: Incident, condition: str, cases: Sequence[Case], now: datetime) -> None:
    """Whatever gets the same trouble in the same tenants while it lasts."""
    tenants = set(session.scalars(sa.select(HealingCase.tenant_id).where(HealingCase.incident_id == incident.id)))
    new = [
        case.id
        for case in cases
        if case.incident_id is None
        and case.condition == condition
        and case.tenant_id in tenants
        and case.since >= incident.opened_at - BEFORE
        and case.state == CaseState.OPEN
    ]
    _set_incident(session, new, incident.id)


def _set_incident(session: ScopedSession, case_ids: Sequence[int], incident_id: int) -> None:
    change = sa.update(HealingCase).where(HealingCase.id.in_(case_ids)).values(incident_id=incident_id)
    session.execute(change, execution_options={"synchronize_session": "fetch"})


def _close_if_over(session: ScopedSession, incident: Incident, now: datetime) -> None:
    query = sa.select(HealingCase.state, HealingCase.closed_at).where(HealingCase.incident_id == incident.id)
    rows = session.execute(query).all()
    still = sum(state != CaseState.CLOSED for state, _ in rows)
    last = max((closed_at for _, closed_at in rows if closed_at is not None), default=None)
    if not is_over(still, len(rows), last, now):
        return
    if swap(session, Incident, incident.id, Incident.closed_at, None, {"closed_at": now}):
        back = f"{len(rows) - still} of {len(rows)} sites are back"
        _tell(session, incident, "incident.close", back, now)


def _open_one(session: ScopedSession, outage: Outage, cases: Sequence[Case], now: datetime) -> None:
    tenant_id = next(iter(outage.tenant_ids)) if len(outage.tenant_ids) == 1 else None
    title = f"{CONDITIONS[outage.condition].title}: {len(outage.device_ids)} sites at once"
    incident = Incident(
        tenant_id=tenant_id, title=title, cause=likely_cause(outage.device_ids, traits(session), TRAITS),
        opened_at=now, closed_at=None,
    )  # fmt: skip
    session.add(incident)
    session.flush()
    mine = [case for case in cases if case.device_id in outage.device_ids and case.condition == outage.condition]
    _set_incident(session, [case.id for case in mine], incident.id)
    _tell(session, incident, "incident.open", incident.cause, now)


def _tell(session: ScopedSession, incident: Incident, action: str, reason: str, now: datetime) -> None:
    subject = Subject("incident", incident.id, incident.title)
    actor = system(NAME, incident.tenant_id)
    record(session, actor, action, subject, tenant_id=incident.tenant_id, reason=reason, at=now)


def _link_alerts(session: ScopedSession, incident: Incident) -> None:
    mine = sa.select(HealingCase.device_id).where(HealingCase.incident_id == incident.id)
    tenants = sa.select(HealingCase.tenant_id).where(HealingCase.incident_id == incident.id)
    wide = sa.and_(Alert.name == WIDE_OUTAGE, Alert.tenant_id.in_(tenants))
    change = sa.update(Alert).where(
        Alert.incident_id.is_(None),
        Alert.state == AlertState.FIRING,
        Alert.starts_at >= incident.opened_at - BEFORE,
        sa.or_(Alert.device_id.in_(mine), wide),
    )
    session.execute(change.values(incident_id=incident.id), execution_options={"synchronize_session": False})


def traits(session: ScopedSession) -> dict[int, Traits]:
    """By device that has ever checked in, what it may have in common with others."""
    query = (
        sa.select(
            Device.id, Device.address, Device.ring, Device.hardware, Site.region, Tenant.slug, DeviceState.release,
            ConfigTemplate.name, TemplateVersion.number,
        )
        .join(Site, Site.id == Device.site_id)
        .join(Tenant, Tenant.id == Device.tenant_id)
        .join(DeviceState, DeviceState.device_id == Device.id)
        .outerjoin(
            ConfigVersion,
            sa.and_(ConfigVersion.device_id == Device.id, ConfigVersion.number == DeviceState.config_version),
        )
        .outerjoin(TemplateVersion, TemplateVersion.id == ConfigVersion.template_version_id)
        .outerjoin(ConfigTemplate, ConfigTemplate.id == TemplateVersion.template_id)
        .where(DeviceState.status != DeviceStatus.NEVER_SEEN)
    )  # fmt: skip
    found: dict[int, Traits] = {}
    for device_id, address, ring, hardware, region, tenant, release, template, number in session.execute(query):
        found[device_id] = {
            "address": network(address),
            "region": region,
            "release": release,
            "configuration": f"{template} version {number}" if template else "",
            "hardware": hardware,
            "ring": ring,
            "tenant": tenant,
        }
    return found


def network(address: str) -> str:
    """Whose line it is, as far as an address tells: `10.3.7.0/24`, `2001:db8:3::/48`, `isp.example`."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return ".".join(address.split(".")[-2:]) if address.count(".") > 1 else ""
    return str(ipaddress.ip_network(f"{parsed}/{24 if parsed.version == 4 else 48}", strict=False))
