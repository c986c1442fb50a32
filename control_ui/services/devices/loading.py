"""What is not read along with a list of devices: the whole desired configuration of each, which is encrypted."""

from __future__ import annotations

from sqlalchemy.orm import defaultload
from sqlalchemy.orm.interfaces import ORMOption

from control_ui.models import ConfigVersion, Device, DeviceState

LEAN: tuple[ORMOption, ...] = (
    defaultload(Device.state)
    .defaultload(DeviceState.desired_config)
    .load_only(ConfigVersion.number, ConfigVersion.device_id, ConfigVersion.created_at),
)
