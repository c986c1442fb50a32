"""Templates as people look for them: who changed them last, and how many devices are to run and do run each version."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from control_ui.models import ConfigTemplate, ConfigVersion, Device, DeviceState, TemplateVersion, User
from control_ui.models.scope import ScopedSession
from control_ui.services.devices.loading import LEAN

SOMEBODY = "a platform administrator"
"""Their names are not the tenant's to see."""
NOBODY = "the system"


@dataclass(frozen=True)
class Use:
    """How many devices are to run one version, and how many say that they do."""

    wanted: int = 0
    running: int = 0


@dataclass(frozen=True)
class Entry:
    """A template, its latest version, and what is made of it. `uses` are by number of the version."""

    template: ConfigTemplate
    latest: TemplateVersion
    author: str
    assigned: int
    uses: Mapping[int, Use]

    @property
    def wanted(self) -> int:
        return sum(use.wanted for use in self.uses.values())

    @property
    def running(self) -> int:
        return sum(use.running for use in self.uses.values())

    @property
    def running_latest(self) -> int:
        return self.use_of(self.latest.number).running

    def use_of(self, number: int) -> Use:
        return self.uses.get(number, Use())


def entries(session: ScopedSession, templates: Sequence[ConfigTemplate], now: datetime) -> list[Entry]:
    """In the same order. Five statements, however many templates and devices."""
    ids = [template.id for template in templates]
    if not ids:
        return []
    latest = _latest(session, ids)
    names = authors(session, latest.values())
    uses, assigned = _uses(session, ids, now), _assigned(session, ids)
    return [
        Entry(
            template,
            latest[template.id],
            names[latest[template.id].id],
            assigned.get(template.id, 0),
            uses.get(template.id, {}),
        )
        for template in templates
    ]


def authors(session: ScopedSession, versions: Collection[TemplateVersion]) -> dict[int, str]:
    """By id of the version, the name of who made it."""
    ids = {version.created_by_id for version in versions if version.created_by_id is not None}
    names = dict(session.execute(sa.select(User.id, User.name).where(User.id.in_(ids))).all())
    return {
        version.id: NOBODY if version.created_by_id is None else names.get(version.created_by_id, SOMEBODY)
        for version in versions
    }


def choices(session: ScopedSession, limit: int = 500) -> list[ConfigTemplate]:
    """The templates that may be given to devices, by name."""
    query = sa.select(ConfigTemplate).where(ConfigTemplate.archived_at.is_(None))
    return list(session.scalars(query.order_by(ConfigTemplate.name, ConfigTemplate.id).limit(limit)))


def overridden(session: ScopedSession, limit: int = 500) -> list[Device]:
    """The devices that have an override of their own, by name."""
    query = sa.select(Device).options(*LEAN).where(sa.cast(Device.config_override, sa.Text) != "{}")
    return list(session.scalars(query.order_by(Device.name, Device.id).limit(limit)).unique())


def _latest(session: ScopedSession, ids: list[int]) -> dict[int, TemplateVersion]:
    query = sa.select(TemplateVersion).join(
        ConfigTemplate,
        sa.and_(
            ConfigTemplate.id == TemplateVersion.template_id, ConfigTemplate.latest_number == TemplateVersion.number
        ),
    )
    found = session.scalars(query.where(TemplateVersion.template_id.in_(ids)))
    return {version.template_id: version for version in found}


def _assigned(session: ScopedSession, ids: list[int]) -> dict[int, int]:
    query = sa.select(Device.template_id, sa.func.count(Device.id)).where(Device.template_id.in_(ids))
    found = session.execute(query.group_by(Device.template_id))
    return {template_id: count for template_id, count in found if template_id is not None}


def _uses(session: ScopedSession, ids: list[int], now: datetime) -> dict[int, dict[int, Use]]:
    in_time = sa.or_(DeviceState.desired_expires_at.is_(None), DeviceState.desired_expires_at > now)
    wanted = _counted(session, ids, sa.and_(ConfigVersion.id == DeviceState.desired_config_id, in_time))
    reported = sa.and_(
        ConfigVersion.device_id == DeviceState.device_id, ConfigVersion.number == DeviceState.config_version
    )
    running = _counted(session, ids, reported)
    found: dict[int, dict[int, Use]] = defaultdict(dict)
    for template_id, number in wanted.keys() | running.keys():
        key = (template_id, number)
        found[template_id][number] = Use(wanted.get(key, 0), running.get(key, 0))
    return found


def _counted(session: ScopedSession, ids: list[int], link: sa.ColumnElement[bool]) -> dict[tuple[int, int], int]:
    query = (
        sa.select(TemplateVersion.template_id, TemplateVersion.number, sa.func.count(DeviceState.device_id))
        .select_from(DeviceState)
        .join(ConfigVersion, link)
        .join(TemplateVersion, TemplateVersion.id == ConfigVersion.template_version_id)
        .where(TemplateVersion.template_id.in_(ids))
        .group_by(TemplateVersion.template_id, TemplateVersion.number)
    )
    return {(template_id, number): count for template_id, number, count in session.execute(query)}
