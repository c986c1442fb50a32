"""The records that belong to a period: deployments, approvals, and the configurations that were in play."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from control_ui.models import (
    Approval,
    ConfigTemplate,
    ConfigVersion,
    Deployment,
    DeploymentDevice,
    Device,
    HostResult,
    RollbackPoint,
    Run,
    TemplateVersion,
    User,
)
from control_ui.models.scope import ScopedSession
from control_ui.services.redaction import redact
from control_ui.services.reports.afterwards import HIDDEN_PERSON
from control_ui.services.reports.period import Period

BATCH = 200
Row = dict[str, Any]


def deployments(session: ScopedSession, period: Period) -> Iterator[Row]:
    """Those under way at any time of the period; each followed by its devices."""
    for deployment in _batches(session, _deployments(period), Deployment.id):
        yield {"record": "deployment", **deployment}
        for device in _batches(session, _devices(deployment["id"]), DeploymentDevice.id):
            yield {"record": "device", **device}


def approvals(session: ScopedSession, period: Period) -> Iterator[Row]:
    """Those asked for or decided in the period."""
    asked, decided = aliased(User), aliased(User)
    query = (
        sa.select(
            *_columns(
                Approval, "id", "run_id", "deployment_id", "requested_at", "expires_at", "decision", "decided_at"
            ),
            *_columns(Approval, "diff_sha256", "comment", "requested_by_id", "decided_by_id"),
            asked.email.label("requested_by"),
            decided.email.label("decided_by"),
        )
        .outerjoin(asked, asked.id == Approval.requested_by_id)
        .outerjoin(decided, decided.id == Approval.decided_by_id)
        .where(
            sa.or_(
                *(
                    sa.and_(moment >= period.start, moment < period.end)
                    for moment in (Approval.requested_at, Approval.decided_at)
                )
            )
        )
    )
    for row in _batches(session, query, Approval.id):
        yield {**row, **{name: _person(row, name) for name in ("requested_by", "decided_by")}}


def config_versions(session: ScopedSession, period: Period) -> Iterator[Row]:
    """Those made in the period, and those that its runs and deployments found, brought or went back to; redacted."""
    version = ConfigVersion
    query = (
        sa.select(
            *_columns(version, "id", "device_id", "number", "parent_id", "restores_id", "content_sha256", "reason"),
            *_columns(version, "created_at", "created_by_id", "shown", "origins"),
            Device.name.label("device"),
            ConfigTemplate.name.label("template"),
            TemplateVersion.number.label("template_version"),
        )
        .join(Device, Device.id == version.device_id)
        .outerjoin(TemplateVersion, TemplateVersion.id == version.template_version_id)
        .outerjoin(ConfigTemplate, ConfigTemplate.id == TemplateVersion.template_id)
        .where(
            sa.or_(
                sa.and_(version.created_at >= period.start, version.created_at < period.end),
                version.id.in_(_used(period)),
            )
        )
    )
    return _batches(session, query, ConfigVersion.id)


def _used(period: Period) -> Any:
    """Ids of the configurations that the period's runs and deployments had to do with."""
    runs = _runs(period).scalar_subquery()
    of_deployments = sa.select(Deployment.id).where(_under_way(period)).scalar_subquery()
    device = DeploymentDevice
    return sa.union(
        sa.select(HostResult.config_version_id).where(HostResult.run_id.in_(runs)),
        sa.select(RollbackPoint.config_version_id).where(RollbackPoint.run_id.in_(runs)),
        *(
            sa.select(column).where(device.deployment_id.in_(of_deployments))
            for column in (
                device.config_version_id,
                device.previous_config_version_id,
                device.rollback_config_version_id,
            )
        ),
    )


def _under_way(period: Period) -> sa.ColumnElement[bool]:
    unfinished = Deployment.finished_at.is_(None)
    return sa.and_(Deployment.requested_at < period.end, sa.or_(unfinished, Deployment.finished_at >= period.start))


def _runs(period: Period) -> sa.Select[Any]:
    """As the run history has them."""
    begun = sa.func.coalesce(Run.started_at, Run.requested_at)
    return sa.select(Run.id).where(begun >= period.start, begun < period.end)


def _deployments(period: Period) -> sa.Select[Any]:
    template, other = aliased(TemplateVersion), aliased(TemplateVersion)
    return (
        sa.select(
            *_columns(Deployment, "id", "strategy", "parameters", "target", "state", "rollback_of_id", "reason"),
            *_columns(Deployment, "requested_by", "requested_at", "started_at", "finished_at", "stop_reason"),
            *_columns(Deployment, "diff_sha256", "comparison"),
            ConfigTemplate.name.label("template"),
            template.number.label("template_version"),
            other.number.label("template_version_b"),
        )
        .outerjoin(template, template.id == Deployment.template_version_id)
        .outerjoin(other, other.id == Deployment.template_version_b_id)
        .outerjoin(ConfigTemplate, ConfigTemplate.id == template.template_id)
        .where(_under_way(period))
    )


def _devices(deployment_id: int) -> sa.Select[Any]:
    device = DeploymentDevice
    return (
        sa.select(
            *_columns(device, "id", "deployment_id", "wave", "side", "progress", "config_version_id"),
            *_columns(device, "previous_config_version_id", "rollback_config_version_id", "run_id", "detail"),
            *_columns(device, "evidence", "changed_at", "settled_at"),
            Device.name.label("device"),
        )
        .join(Device, Device.id == device.device_id)
        .where(device.deployment_id == deployment_id)
    )


def _batches(session: ScopedSession, query: sa.Select[Any], key: Any) -> Iterator[Row]:
    """The rows by their id, redacted; a batch at a time, each its own transaction."""
    last = 0
    while batch := session.execute(query.where(key > last).order_by(key).limit(BATCH)).mappings().all():
        session.commit()
        last = batch[-1][key.key]
        yield from (redact(dict(row)) for row in batch)
    session.commit()


def _columns(model: Any, *names: str) -> list[Any]:
    return [getattr(model, name) for name in names]


def _person(row: Row, role: str) -> str | None:
    return row[role] or (HIDDEN_PERSON if row[f"{role}_id"] is not None else None)
