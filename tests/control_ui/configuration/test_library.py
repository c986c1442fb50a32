"""How templates are in use."""

from __future__ import annotations

from datetime import timedelta

from control_ui.models import ConfigTemplate, Tenant
from control_ui.models.scope import ScopedSession, SessionFactory
from control_ui.services.configuration import library
from tests.control_ui import factories
from tests.control_ui.conftest import NOW
from tests.control_ui.deployments.test_statements import counted


def in_use(session: ScopedSession, tenant: Tenant, devices: int) -> ConfigTemplate:
    """A template that this many devices are to run, and all but one of them do."""
    version = factories.template(session, tenant)
    for at in range(devices):
        device = factories.device(session, tenant, template_id=version.template_id)
        config = factories.config_version(session, device, 4, template_version_id=version.id)
        device.state.desired_config, device.state.config_version = config, 4 if at else None
    session.commit()
    return version.template


def test_it_tells_what_is_wanted_and_what_runs(session: ScopedSession) -> None:
    template = in_use(session, factories.tenant(session), 3)
    (entry,) = library.entries(session, [template], NOW)
    assert (entry.assigned, entry.wanted, entry.running, entry.running_latest) == (3, 3, 2, 2)
    assert entry.author == library.NOBODY


def test_what_has_expired_is_wanted_no_more(session: ScopedSession) -> None:
    tenant = factories.tenant(session)
    version = factories.template(session, tenant)
    device = factories.device(session, tenant)
    device.state.desired_config = factories.config_version(session, device, template_version_id=version.id)
    device.state.desired_expires_at = NOW
    session.commit()
    assert library.entries(session, [version.template], NOW)[0].wanted == 0
    assert library.entries(session, [version.template], NOW - timedelta(seconds=1))[0].wanted == 1


def test_it_takes_as_many_statements_for_many_as_for_few(session: ScopedSession, sessions: SessionFactory) -> None:
    tenant = factories.tenant(session)
    templates = [in_use(session, tenant, 2)]
    with counted(sessions) as few:
        library.entries(session, templates, NOW)
    templates += [in_use(session, tenant, 5) for _ in range(5)]
    with counted(sessions) as many:
        library.entries(session, templates, NOW)
    assert len(many) == len(few) <= 6  # SQLite says BEGIN, too


def test_only_devices_with_an_override_are_listed(session: ScopedSession) -> None:
    tenant = factories.tenant(session)
    factories.device(session, tenant, "plain")
    factories.device(session, tenant, "special", config_override={"jpeg_quality": 50})
    session.commit()
    assert [device.name for device in library.overridden(session)] == ["special"]
