"""Making configurations: numbers that only grow, contents that are not made twice, and many at once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import event

from control_ui.models import ConfigVersion, Device, GroupMember, Tenant, User
from control_ui.models.configuration import ImmutableError
from control_ui.models.devices import GroupKind
from control_ui.models.scope import ALL_TENANTS, ScopedSession, SessionFactory, open_session
from control_ui.services import actor
from control_ui.services.configuration import versions
from control_ui.services.errors import InvalidError
from control_ui.services.pictures.keys import picture_keys
from tests.control_ui import factories
from tests.control_ui.conftest import NOW

CONTROL = "https://control.test"
FLEET = 100
MOST_STATEMENTS = 10


@pytest.fixture
def tenant(session: ScopedSession) -> Tenant:
    return factories.tenant(session)


@pytest.fixture
def device(session: ScopedSession, tenant: Tenant) -> Device:
    return factories.device(session, tenant, "wash-1", camera_password="pass/word")


def make(session: ScopedSession, device: Device, body: dict[str, Any], by: User | None = None) -> ConfigVersion:
    template = factories.template(session, session.get_one(Tenant, device.tenant_id), body)
    who = actor.system("a test") if by is None else factories.actor(by)
    return versions.make(session, device, template, control_url=CONTROL, actor=who, reason="a test", now=NOW)


def test_a_configuration_knows_its_origin_its_parent_and_who_made_it_why(
    session: ScopedSession, device: Device, tenant: Tenant
) -> None:
    user = factories.user(session, tenant)
    first = make(session, device, {"jpeg_quality": 70}, user)
    second = make(session, device, {"jpeg_quality": 71}, user)
    assert (first.number, first.parent_id) == (1, None)
    assert (second.number, second.parent_id) == (2, first.id)
    assert second.document["version"] == second.shown["version"] == 2
    assert second.document["rtsp_url"] == "rtsp://viewer:pass%2Fword@192.0.2.10:554/"
    assert second.shown["rtsp_url"] == "rtsp://viewer:***@192.0.2.10:554/"
    assert second.origins["$.jpeg_quality"].startswith("template:")
    assert (second.created_by_id, second.reason, second.created_at) == (user.id, "a test", NOW)
    assert second.template_version is not None


def test_the_same_content_is_not_made_twice(session: ScopedSession, device: Device) -> None:
    first = make(session, device, {"jpeg_quality": 70})
    assert make(session, device, {"jpeg_quality": 70}) is first
    other = make(session, device, {"jpeg_quality": 71})
    again = make(session, device, {"jpeg_quality": 70})
    assert (other.number, again.number) == (2, 3), "only the newest is taken again"


def test_a_new_camera_password_makes_a_new_configuration(session: ScopedSession, device: Device) -> None:
    first = make(session, device, {})
    device.camera_password, device.camera_password_revision = "another", 2
    second = make(session, device, {})
    assert second.number == 2
    assert second.shown | {"version": 1} == first.shown


def test_numbers_go_on_from_what_the_pi_reports(session: ScopedSession, device: Device) -> None:
    """Before it was ours it numbered its configurations itself, and it takes no lower one."""
    first = make(session, device, {})
    device.state.config_version = 40
    session.flush()
    assert make(session, device, {}).number == 41
    assert first.number == 1


def test_faults_are_told_by_device_and_path_and_nothing_is_made(
    session: ScopedSession, device: Device, tenant: Tenant
) -> None:
    other = factories.device(session, tenant, "wash-2", config_override={"stale_after_seconds": 1})
    template = factories.template(session, tenant, {"jpeg_quality": "{{ device.labels.q | int }}"})
    with pytest.raises(InvalidError) as error:
        versions.make_many(
            session, [device, other], template, control_url=CONTROL, actor=actor.ANONYMOUS, reason="", now=NOW
        )
    assert [fault.path for fault in error.value.faults] == [
        "wash-1:$.jpeg_quality", "wash-2:$.jpeg_quality", "wash-2:$.stale_after_seconds",
    ]  # fmt: skip
    assert session.query(ConfigVersion).count() == 0


def test_a_credential_in_the_reason_is_masked(session: ScopedSession, device: Device) -> None:
    made = versions.make(
        session, device, None, control_url=CONTROL, actor=actor.ANONYMOUS, reason="password=hunter2", now=NOW
    )
    assert made.reason == "password=***"


def test_restoring_gives_the_old_content_a_new_number(session: ScopedSession, device: Device) -> None:
    old = make(session, device, {"jpeg_quality": 70})
    newest = make(session, device, {"jpeg_quality": 71})
    restored = versions.restore(session, device, old, actor=actor.system("a test"), reason="worse", now=NOW)
    assert (restored.number, restored.restores_id, restored.parent_id) == (3, old.id, newest.id)
    assert restored.document == old.document | {"version": 3}
    assert restored.shown == old.shown | {"version": 3}
    assert (restored.origins, restored.content_sha256) == (old.origins, old.content_sha256)


def test_restoring_takes_the_login_and_the_keys_of_today(session: ScopedSession, device: Device) -> None:
    """A setting is rolled back; a camera or a controller whose secret was changed since is not locked out."""
    device.api_keys = [{"name": "till", "sha256": "0" * 64}]
    old = make(session, device, {"jpeg_quality": 70})
    device.camera_user, device.camera_password, device.camera_password_revision = "new/user", "new @word", 2
    device.api_keys = [{"name": "till", "sha256": "1" * 64}]
    restored = versions.restore(session, device, old, actor=actor.system("a test"), reason="", now=NOW)
    assert restored.document["rtsp_url"] == "rtsp://new%2Fuser:new%20%40word@192.0.2.10:554/"
    assert restored.shown["rtsp_url"] == "rtsp://new%2Fuser:***@192.0.2.10:554/"
    assert restored.document["jpeg_quality"] == 70
    assert (
        restored.document["api_keys"]
        == restored.shown["api_keys"]
        == [
            *device.api_keys,
            picture_keys.entry_of(device.id),
        ]
    )
    assert restored.content_sha256 != old.content_sha256


def test_restoring_keeps_the_address_where_no_password_is_known_today(session: ScopedSession, device: Device) -> None:
    old = make(session, device, {"jpeg_quality": 70})
    device.camera_password = None
    restored = versions.restore(session, device, old, actor=actor.system("a test"), reason="", now=NOW)
    assert restored.document["rtsp_url"] == old.document["rtsp_url"]


def test_keys_that_a_layer_set_are_restored_as_they_were(session: ScopedSession, device: Device) -> None:
    keys = [{"name": "plc", "sha256": "2" * 64}]
    old = make(session, device, {"api_keys": keys, "rtsp_url": "rtsp://192.0.2.9/plain"})
    device.api_keys = [{"name": "till", "sha256": "1" * 64}]
    restored = versions.restore(session, device, old, actor=actor.system("a test"), reason="", now=NOW)
    assert restored.document["api_keys"] == [*keys, picture_keys.entry_of(device.id)]
    assert restored.document["rtsp_url"] == "rtsp://192.0.2.9/plain"


def test_what_was_made_before_the_control_plane_had_a_key_is_restored_with_it(
    session: ScopedSession, device: Device
) -> None:
    """And a key of an older SECRET_KEY makes place for today's."""
    for keys in ([], [{"name": "control-plane", "sha256": "3" * 64}]):
        number = len(keys) + 1
        old = factories.config_version(session, device, number, origins={"$.api_keys": "default"})
        old.document["api_keys"] = keys
        restored = versions.restore(session, device, old, actor=actor.system("a test"), reason="", now=NOW)
        assert restored.document["api_keys"] == [picture_keys.entry_of(device.id)]
        assert restored.origins["$.api_keys"] == "system"
        device = factories.device(session, session.get_one(Tenant, device.tenant_id))


def test_a_configuration_never_changes_but_for_the_key_it_is_encrypted_with(
    session: ScopedSession, device: Device
) -> None:
    made = make(session, device, {})
    session.commit()
    made.document = dict(made.document)
    session.commit()
    made.shown = {}
    with pytest.raises(ImmutableError, match="shown"):
        session.flush()


def test_a_version_of_a_template_never_changes(session: ScopedSession, tenant: Tenant) -> None:
    version = factories.template(session, tenant)
    session.commit()
    version.body = {}
    with pytest.raises(ImmutableError, match="body"):
        session.flush()
    session.rollback()
    with pytest.raises(sa.exc.DBAPIError, match="append-only"):
        session.execute(sa.text("UPDATE template_versions SET note = 'x'"))


def test_two_makers_at_once_take_different_numbers(sessions: SessionFactory) -> None:
    with open_session(sessions, ALL_TENANTS) as session:
        device_id = factories.device(session, factories.tenant(session)).id
        session.commit()
    start = threading.Barrier(2, timeout=10)

    def maker(quality: int) -> int:
        with open_session(sessions, ALL_TENANTS) as session:
            device = session.get_one(Device, device_id)
            session.expunge(device)
            device.config_override = {"jpeg_quality": quality}  # for this maker alone: it is never flushed
            session.rollback()
            start.wait()
            made = versions.make(session, device, None, control_url=CONTROL, actor=actor.ANONYMOUS, reason="", now=NOW)
            number = made.number
            session.commit()
            return number

    with ThreadPoolExecutor() as pool:
        assert sorted(pool.map(maker, (60, 61))) == [1, 2]


def test_a_fleet_is_made_with_a_handful_of_statements(session: ScopedSession, tenant: Tenant) -> None:
    site = factories.site(session, tenant)
    devices = [factories.device(session, tenant, f"wash-{at:03}", site=site) for at in range(FLEET)]
    static = factories.group(session, tenant, config_override={"jpeg_quality": 60})
    session.add_all(GroupMember(tenant_id=tenant.id, group_id=static.id, device_id=one.id) for one in devices[:50])
    factories.group(session, tenant, kind=GroupKind.QUERY, label_query="ring=main", config_override={"max_width": 800})
    template = factories.template(session, tenant)
    session.commit()
    for _ in range(2):  # the second time, every device has its configuration already
        statements: list[str] = []
        with listening(session, statements):
            made = versions.make_many(
                session, devices, template, control_url=CONTROL, actor=actor.ANONYMOUS, reason="", now=NOW
            )
        assert [version.device_id for version in made] == [device.id for device in devices]
        assert {version.number for version in made} == {1}
        assert sum(version.shown.get("jpeg_quality") == 60 for version in made) == 50
        assert {version.shown["max_width"] for version in made} == {800}
        assert len(statements) <= MOST_STATEMENTS, statements


@contextmanager
def listening(session: ScopedSession, statements: list[str]) -> Iterator[None]:
    """What is sent to the database meanwhile. SQLAlchemy inserts row by row on SQLite, which has no round trips: there
    an INSERT counts once."""
    engine = session.get_bind().engine

    def note(*arguments: Any) -> None:
        statement: str = arguments[2]
        if not (engine.dialect.name == "sqlite" and statement.startswith("INSERT") and statement in statements):
            statements.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    yield
    event.remove(engine, "before_cursor_execute", note)
