"""What a Pi is wanted to run: the newest wish stands, until its time is over."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from control_ui.models import ConfigVersion, Device, DeviceState
from control_ui.models.scope import ALL_TENANTS, ScopedSession, SessionFactory, open_session
from control_ui.services.configuration import desire
from tests.control_ui import factories
from tests.control_ui.conftest import NOW

PATIENCE_SECONDS = 10
"""Only a broken test waits so long."""
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def device(session: ScopedSession) -> Device:
    return factories.device(session, factories.tenant(session), "wash-1")


@pytest.fixture
def two(session: ScopedSession, device: Device) -> tuple[ConfigVersion, ConfigVersion]:
    return factories.config_version(session, device, 1), factories.config_version(session, device, 2)


Two = tuple[ConfigVersion, ConfigVersion]


def test_what_is_wanted_is_offered_until_it_expires(session: ScopedSession, device: Device, two: Two) -> None:
    assert desire.want(session, device, two[0], expires_at=LATER, now=NOW)
    assert desire.wanted(device.state, LATER - timedelta(seconds=1)) is two[0]
    assert desire.wanted(device.state, LATER) is None
    assert device.state.desired_at == NOW


def test_without_an_expiry_it_is_wanted_for_ever(session: ScopedSession, device: Device, two: Two) -> None:
    desire.want(session, device, two[0], expires_at=None, now=NOW)
    assert desire.wanted(device.state, NOW + timedelta(days=10_000)) is two[0]


def test_a_newer_one_replaces_an_older_one(session: ScopedSession, device: Device, two: Two) -> None:
    desire.want(session, device, two[0], expires_at=None, now=NOW)
    assert desire.want(session, device, two[1], expires_at=LATER, now=LATER - timedelta(minutes=1))
    assert (device.state.desired_config, device.state.desired_expires_at) == (two[1], LATER)
    assert device.state.desired_at == LATER - timedelta(minutes=1)


def test_an_older_one_replaces_a_newer_one_only_if_that_is_meant(
    session: ScopedSession, device: Device, two: Two
) -> None:
    desire.want(session, device, two[1], expires_at=LATER, now=NOW)
    assert not desire.want(session, device, two[0], expires_at=None, now=NOW)
    assert (device.state.desired_config, device.state.desired_expires_at) == (two[1], LATER)
    assert desire.want(session, device, two[0], expires_at=None, now=NOW, replace=True)
    assert device.state.desired_config is two[0]


def test_an_expired_one_stands_in_nobodys_way(session: ScopedSession, device: Device, two: Two) -> None:
    desire.want(session, device, two[1], expires_at=LATER, now=NOW)
    assert desire.want(session, device, two[0], expires_at=None, now=LATER)
    assert desire.wanted(device.state, LATER) is two[0]


def test_wanting_the_same_again_moves_its_expiry_and_not_its_beginning(
    session: ScopedSession, device: Device, two: Two
) -> None:
    desire.want(session, device, two[0], expires_at=LATER, now=NOW)
    assert desire.want(session, device, two[0], expires_at=LATER + timedelta(hours=1), now=LATER)
    assert (device.state.desired_at, device.state.desired_expires_at) == (NOW, LATER + timedelta(hours=1))


def test_wanting_nothing_clears_the_wish(session: ScopedSession, device: Device, two: Two) -> None:
    desire.want(session, device, two[1], expires_at=LATER, now=NOW)
    assert desire.want(session, device, None, expires_at=None, now=NOW)
    state = device.state
    assert (state.desired_config_id, state.desired_expires_at, state.desired_at) == (None, None, None)


def test_a_configuration_of_another_device_is_never_wanted(session: ScopedSession, device: Device, two: Two) -> None:
    other = factories.device(session, factories.tenant(session))
    with pytest.raises(ValueError, match="is not one of device"):
        desire.want(session, other, two[0], expires_at=None, now=NOW)


def test_many_are_wanted_at_once_and_the_superseded_are_told(session: ScopedSession, device: Device, two: Two) -> None:
    other = factories.device(session, factories.tenant(session))
    theirs = factories.config_version(session, other, 1)
    desire.want(session, device, two[1], expires_at=None, now=NOW)
    taken = desire.want_many(session, {device.id: two[0], other.id: theirs}, expires_at=None, now=NOW)
    assert taken == {other.id}


@pytest.mark.parametrize("order", [(1, 2), (2, 1)])
def test_of_two_wishes_at_once_the_newer_stands_whoever_comes_first(
    sessions: SessionFactory, order: tuple[int, int]
) -> None:
    with open_session(sessions, ALL_TENANTS) as session:
        device_id = factories.device(session, factories.tenant(session)).id
        device = session.get_one(Device, device_id)
        made = {number: factories.config_version(session, device, number).id for number in order}
        session.commit()
    holds, waits = threading.Event(), threading.Event()

    def first() -> None:
        with open_session(sessions, ALL_TENANTS) as session:
            device, version = session.get_one(Device, device_id), session.get_one(ConfigVersion, made[order[0]])
            desire.want(session, device, version, expires_at=None, now=NOW)
            holds.set()
            assert waits.wait(PATIENCE_SECONDS)
            session.commit()

    def second() -> None:
        assert holds.wait(PATIENCE_SECONDS)
        with open_session(sessions, ALL_TENANTS) as session:
            waits.set()
            device, version = session.get_one(Device, device_id), session.get_one(ConfigVersion, made[order[1]])
            desire.want(session, device, version, expires_at=None, now=NOW)
            session.commit()

    with ThreadPoolExecutor() as pool:
        for work in [pool.submit(first), pool.submit(second)]:
            work.result()
    with open_session(sessions, ALL_TENANTS) as session:
        assert session.get_one(DeviceState, device_id).desired_config_id == made[2]
