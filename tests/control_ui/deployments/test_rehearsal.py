"""What a deployment would do, told before it is asked for."""

from __future__ import annotations

import sqlalchemy as sa

from control_ui.models import ConfigTemplate, Device
from control_ui.models.scope import SessionFactory
from control_ui.services.configuration import templates
from control_ui.services.deployments.rehearsal import Rehearsal, rehearse
from control_ui.services.devices import target_choices, targets
from tests.control_ui import factories
from tests.control_ui.deployments.conftest import CONTROL_URL, Stage
from tests.control_ui.deployments.test_statements import Make, counted


def rehearsed(stage: Stage, number: int) -> Rehearsal:
    with stage.session() as session:
        template = session.get_one(ConfigTemplate, stage.template.id)
        version = templates.version_of(session, template, number)
        return rehearse(session, targets.resolve(session, {"all": True}), version, control_url=CONTROL_URL)


def settle(stage: Stage) -> None:
    """Every Pi runs what the template says now."""
    stage.deploy()
    stage.round()
    stage.round()


def test_it_foresees_what_the_deployment_then_does(stage: Stage) -> None:
    settle(stage)
    number = stage.new_version(jpeg_quality=60)
    found = rehearsed(stage, number)
    assert (len(found.changing), found.unchanged, found.invalid) == (5, [], [])
    (setting,) = found.settings
    assert (setting.path, setting.before, setting.after, setting.count) == ("$.jpeg_quality", None, 60, 5)


def test_what_runs_already_is_unchanged(stage: Stage) -> None:
    settle(stage)
    found = rehearsed(stage, 1)
    assert (len(found.unchanged), found.changing, found.settings) == (5, [], [])


def test_a_new_camera_password_is_a_change_without_any_value(stage: Stage) -> None:
    settle(stage)
    with stage.session() as session:
        device = session.scalars(sa.select(Device).where(Device.name == "pi-1")).one()
        device.camera_password, device.camera_password_revision = "another one", device.camera_password_revision + 1
        session.commit()
    (one,) = rehearsed(stage, 1).changing
    (change,) = one.changes
    assert (change.path, change.before, change.after, change.secret) == ("$.rtsp_url", None, None, True)


def test_what_is_different_from_site_to_site_is_told_without_values(stage: Stage) -> None:
    settle(stage)
    number = stage.new_version(cors_origins=["https://{{ device.name }}.test"])
    (setting,) = rehearsed(stage, number).settings
    assert (setting.path, setting.count, setting.varies) == ("$.cors_origins", 5, True)


def test_it_takes_as_many_statements_for_many_devices_as_for_few(stage_of: Make, sessions: SessionFactory) -> None:
    sent = []
    for prefix, number in (("few", 3), ("many", 40)):
        stage = stage_of(*(f"{prefix}-{index:02}" for index in range(number)))
        with counted(sessions) as statements:
            rehearsed(stage, 1)
        sent.append(len(statements))
    assert sent[0] == sent[1] < 20


def test_the_targets_are_counted_in_as_many_statements_for_many_groups_as_for_few(
    stage: Stage, sessions: SessionFactory
) -> None:
    sent = []
    for more in (1, 10):
        with stage.session() as session:
            for _ in range(more):
                factories.group(session, stage.tenant)
            session.commit()
            with counted(sessions) as statements:
                found = target_choices.choices(session)
        sent.append(len(statements))
    assert sent[0] == sent[1]
    assert (found[0].kind, found[0].count) == ("all", 5)
