"""Reading deployments: lists, how far each is, where its devices stand."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from control_ui.models import (
    Approval,
    ConfigVersion,
    Deployment,
    DeploymentDevice,
    Device,
    Run,
    TemplateVersion,
)
from control_ui.models.deployments import DeploymentState, DeviceProgress
from control_ui.models.scope import ScopedSession
from control_ui.services.pages import Page, paginate


@dataclass(frozen=True)
class Filters:
    """Which deployments; what is empty or None does not matter."""

    state: Sequence[DeploymentState] = ()
    template_id: int | None = None
    device_id: int | None = None
    rollback_of_id: int | None = None
    rollbacks: bool | None = None
    """Only rollbacks, or none of them."""
    since: datetime | None = None
    """About when it was asked for, as `until`, which is not included."""
    until: datetime | None = None
    person: str | None = None
    """Part of the name of who asked."""
    text: str | None = None
    """Part of a device's name, or of the reason."""
    tenant_id: int | None = None


@dataclass(frozen=True)
class Overview:
    """A deployment with what is counted and looked up for it."""

    deployment: Deployment
    template_version: TemplateVersion | None
    template_version_b: TemplateVersion | None
    waves: int
    counts: dict[str, int]
    """Devices by progress, and `total`."""
    run_ids: list[int]
    rollback_ids: list[int]
    approval: Approval | None


def search(session: ScopedSession, filters: Filters, *, limit: int, cursor: str | None) -> Page[Overview]:
    """A page of deployments, the newest first."""
    query = sa.select(Deployment).where(*_conditions(filters))
    page = paginate(session, query, by=[Deployment.id], limit=limit, cursor=cursor, descending=True)
    return Page(overviews(session, page.items), page.next)


def _conditions(filters: Filters) -> list[sa.ColumnElement[bool]]:
    found: list[sa.ColumnElement[bool]] = []
    if filters.state:
        found.append(Deployment.state.in_(filters.state))
    if filters.template_id is not None:
        of_template = sa.select(TemplateVersion.id).where(TemplateVersion.template_id == filters.template_id)
        found.append(Deployment.template_version_id.in_(of_template))
    if filters.device_id is not None:
        found.append(Deployment.id.in_(_with(DeploymentDevice.device_id == filters.device_id)))
    if filters.rollback_of_id is not None:
        found.append(Deployment.rollback_of_id == filters.rollback_of_id)
    if filters.rollbacks is not None:
        is_one = Deployment.template_version_id.is_(None)
        found.append(is_one if filters.rollbacks else ~is_one)
    return found + _of_the_asking(filters)


def _of_the_asking(filters: Filters) -> list[sa.ColumnElement[bool]]:
    found: list[sa.ColumnElement[bool]] = []
    if filters.tenant_id is not None:
        found.append(Deployment.tenant_id == filters.tenant_id)
    if filters.since is not None:
        found.append(Deployment.requested_at >= filters.since)
    if filters.until is not None:
        found.append(Deployment.requested_at < filters.until)
    if filters.person:
        found.append(Deployment.requested_by.icontains(filters.person, autoescape=True))
    if filters.text:
        named = sa.select(Device.id).where(Device.name.icontains(filters.text, autoescape=True))
        on_one = Deployment.id.in_(_with(DeploymentDevice.device_id.in_(named)))
        found.append(sa.or_(Deployment.reason.icontains(filters.text, autoescape=True), on_one))
    return found


def _with(condition: sa.ColumnElement[bool]) -> sa.Select[int]:
    return sa.select(DeploymentDevice.deployment_id).where(condition)


def overviews(session: ScopedSession, deployments: Sequence[Deployment]) -> list[Overview]:
    """Of these deployments, in their order; a handful of statements for all."""
    ids = [deployment.id for deployment in deployments]
    versions = _template_versions(session, deployments)
    counts, waves = _counts(session, ids)
    runs = _grouped(session, sa.select(Run.deployment_id, Run.id).where(Run.deployment_id.in_(ids)).order_by(Run.id))
    rollbacks = _grouped(
        session,
        sa.select(Deployment.rollback_of_id, Deployment.id)
        .where(Deployment.rollback_of_id.in_(ids))
        .order_by(Deployment.id),
    )
    approvals = {
        approval.deployment_id: approval
        for approval in session.scalars(sa.select(Approval).where(Approval.deployment_id.in_(ids)))
    }
    return [
        Overview(
            one,
            versions.get(one.template_version_id or 0),
            versions.get(one.template_version_b_id or 0),
            waves.get(one.id, 0),
            counts.get(one.id, {"total": 0}),
            runs[one.id],
            rollbacks[one.id],
            approvals.get(one.id),
        )
        for one in deployments
    ]


def _template_versions(session: ScopedSession, deployments: Sequence[Deployment]) -> dict[int, TemplateVersion]:
    named = {one.template_version_id for one in deployments} | {one.template_version_b_id for one in deployments}
    found = session.scalars(sa.select(TemplateVersion).where(TemplateVersion.id.in_(named)))
    return {version.id: version for version in found}


@dataclass(frozen=True)
class DeviceRow:
    """A device of a deployment, with the numbers its ids stand for."""

    row: DeploymentDevice
    name: str
    config_version: int | None
    previous_version: int | None
    rollback_version: int | None


def devices(
    session: ScopedSession,
    deployment: Deployment,
    *,
    progress: Collection[DeviceProgress] = (),
    wave: int | None = None,
    side: str | None = None,
    limit: int,
    cursor: str | None,
) -> Page[DeviceRow]:
    """A page of a deployment's devices, in the order in which they were taken up."""
    query = sa.select(DeploymentDevice).where(DeploymentDevice.deployment_id == deployment.id)
    if progress:
        query = query.where(DeploymentDevice.progress.in_(progress))
    if wave is not None:
        query = query.where(DeploymentDevice.wave == wave)
    if side is not None:
        query = query.where(DeploymentDevice.side == side)
    page = paginate(session, query, by=[DeploymentDevice.id], limit=limit, cursor=cursor)
    return Page(_with_numbers(session, page.items), page.next)


def _with_numbers(session: ScopedSession, rows: Sequence[DeploymentDevice]) -> list[DeviceRow]:
    of_rows = sa.select(Device.id, Device.name).where(Device.id.in_([row.device_id for row in rows]))
    names = dict(session.execute(of_rows).all())
    ids = {
        version_id
        for row in rows
        for version_id in (row.config_version_id, row.previous_config_version_id, row.rollback_config_version_id)
    }
    query = sa.select(ConfigVersion.id, ConfigVersion.number).where(ConfigVersion.id.in_(ids))
    numbers: dict[int | None, int] = dict(session.execute(query).all())
    return [
        DeviceRow(
            row,
            names[row.device_id],
            numbers.get(row.config_version_id),
            numbers.get(row.previous_config_version_id),
            numbers.get(row.rollback_config_version_id),
        )
        for row in rows
    ]


def _counts(session: ScopedSession, ids: Sequence[int]) -> tuple[dict[int, dict[str, int]], dict[int, int]]:
    """Devices by progress, and the number of waves; each by deployment."""
    row = DeploymentDevice
    query = sa.select(row.deployment_id, row.progress, sa.func.count(), sa.func.max(row.wave))
    query = query.where(row.deployment_id.in_(ids)).group_by(row.deployment_id, row.progress)
    counts: dict[int, dict[str, int]] = defaultdict(lambda: {"total": 0})
    waves: dict[int, int] = defaultdict(int)
    for deployment_id, progress, number, wave in session.execute(query):
        counts[deployment_id][progress] = number
        counts[deployment_id]["total"] += number
        waves[deployment_id] = max(waves[deployment_id], wave)
    return counts, waves


def _grouped(session: ScopedSession, query: sa.Select[int | None, int]) -> dict[int, list[int]]:
    found: dict[int, list[int]] = defaultdict(list)
    for key, value in session.execute(query):
        if key is not None:
            found[key].append(value)
    return found
