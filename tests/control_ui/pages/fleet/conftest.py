from __future__ import annotations

from dataclasses import dataclass

import pytest

from control_ui.models import Device
from control_ui.models.devices import DeviceStatus
from control_ui.models.scope import ALL_TENANTS, SessionFactory, open_session
from tests.control_ui import factories
from tests.control_ui.people.cast import Cast


@dataclass(frozen=True)
class Fleet:
    """Three sites of ours, one of another tenant's, and ids of a template of each."""

    well: Device
    warm: Device
    away: Device
    theirs: Device
    template_id: int
    their_template_id: int


@pytest.fixture
def fleet(sessions: SessionFactory, cast: Cast) -> Fleet:
    with open_session(sessions, ALL_TENANTS) as session:
        tenant = session.merge(cast.tenant)
        template = factories.template(session, tenant, name="Standard")
        places = [
            factories.site(session, tenant, name=name, city=city, state="OH", region=region)
            for name, city, region in (
                ("Elm Street", "Akron", "midwest"),
                ("Harbor", "Toledo", "midwest"),
                ("Old Mill", "Erie", "east"),
            )
        ]
        well = factories.device(
            session, tenant, "pi-elm", site=places[0], status=DeviceStatus.ONLINE, config_version=2, release="1.4.0",
            labels={"lane": "double"},
        )  # fmt: skip
        warm = factories.device(
            session, tenant, "pi-harbor", site=places[1], status=DeviceStatus.DEGRADED, config_version=1,
            release="1.3.2", ring="canary",
        )  # fmt: skip
        warm.state.status_reasons = ["it is too hot"]
        away = factories.device(session, tenant, "pi-mill", site=places[2], status=DeviceStatus.OFFLINE)
        away.state.status_reasons = ["it does not check in"]
        for device in (well, warm):
            for number in (1, 2):
                version = factories.config_version(session, device, number, template_version_id=template.id)
            device.state.desired_config_id = version.id
        stranger = session.merge(cast.stranger)
        assert stranger.tenant_id is not None
        them = stranger.tenant
        assert them is not None
        theirs = factories.device(session, them, "pi-theirs", site=factories.site(session, them, name="Zebra Wash"))
        other = factories.template(session, them, name="Zebra template")
        session.commit()
        return Fleet(well, warm, away, theirs, template.template_id, other.template_id)
