"""Taking back what devices are wanted to run, where they do not run it yet."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import defer

from control_ui.models import ConfigVersion
from control_ui.models.scope import ScopedSession
from control_ui.services.configuration.desire import want_many
from control_ui.services.deployments.adopt import adopt_templates, hold
from control_ui.services.deployments.standing import Standing


def unwant(session: ScopedSession, standings: Iterable[Standing], now: datetime) -> set[int]:
    """Want of these devices again what was wanted before, until when it was; unless something else is wanted by now, or
    the Pi runs it already. Gives the ids of the devices for which that has changed."""
    back = [
        standing
        for standing in standings
        if standing.wanted_id is not None and standing.wanted_id == standing.config_version_id and not standing.runs_it
    ]
    hold(session, {standing.device_id for standing in back})
    versions = _versions(session, {standing.wanted_before_id for standing in back} - {None})
    by_expiry: dict[datetime | None, dict[int, ConfigVersion | None]] = defaultdict(dict)
    for standing in back:
        before = None if standing.wanted_before_id is None else versions[standing.wanted_before_id]
        by_expiry[standing.wanted_before_expires_at][standing.device_id] = before
    for expires_at, wanted in by_expiry.items():
        want_many(session, wanted, expires_at=expires_at, now=now, replace=True)
        templates = {device_id: version.template_version_id for device_id, version in wanted.items() if version}
        adopt_templates(session, templates)
    return {standing.device_id for standing in back}


def _versions(session: ScopedSession, ids: set[int | None]) -> dict[int, ConfigVersion]:
    query = sa.select(ConfigVersion).where(ConfigVersion.id.in_(ids)).options(defer(ConfigVersion.document))
    return {version.id: version for version in session.scalars(query)}
