"""A device's template is that of the configuration it is wanted to run: what is rendered for it next starts there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping

import sqlalchemy as sa

from control_ui.models import Device, TemplateVersion
from control_ui.models.scope import ScopedSession


def hold(session: ScopedSession, device_ids: Collection[int]) -> None:
    """Lock devices whose template may change, in one order. Before what they are wanted to run, as everybody does who
    changes both."""
    query = sa.select(Device.id).where(Device.id.in_(device_ids)).order_by(Device.id)
    session.execute(query.with_for_update(key_share=True, of=Device)).all()


def adopt_templates(session: ScopedSession, template_versions: Mapping[int, int | None]) -> None:
    """Give devices (by id) the templates of these template versions; None leaves a device as it is.

    Whoever has read the device before and edits it now is told that it has changed.
    """
    ids = {version_id for version_id in template_versions.values() if version_id is not None}
    query = sa.select(TemplateVersion.id, TemplateVersion.template_id).where(TemplateVersion.id.in_(ids))
    template_of = dict(session.execute(query).all())
    devices: dict[int, list[int]] = defaultdict(list)
    for device_id, version_id in template_versions.items():
        if version_id is not None:
            devices[template_of[version_id]].append(device_id)
    for template_id, device_ids in devices.items():
        session.execute(
            sa.update(Device)
            .where(Device.id.in_(device_ids), Device.template_id.is_distinct_from(template_id))
            .values(template_id=template_id, row_version=Device.row_version + 1),
            execution_options={"synchronize_session": False},
        )
