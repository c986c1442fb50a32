"""Rows that are kept as long as each tenant says; days that come and go as partitions, on PostgreSQL."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from control_ui.models import Device, DeviceLog, DeviceSample, RunEvent
from control_ui.models.scope import ALL_TENANTS, ScopedSession, SessionFactory, open_session
from control_ui.services.devices import partitions, retention
from tests.control_ui import factories
from tests.control_ui.conftest import NOW

TODAY = NOW.date()
TABLES = ("run_events", "device_logs", "device_samples")


def log(session: ScopedSession, device: Device, at: datetime, entry_id: str = "x") -> None:
    session.add(
        DeviceLog(
            tenant_id=device.tenant_id, device_id=device.id, entry_id=entry_id, at=at, priority=6, message="hello"
        )
    )
    session.flush()


def ages(session: ScopedSession, model: Any = DeviceLog) -> list[int]:
    """In days, the oldest first."""
    found = [(NOW - at).days for at in session.scalars(sa.select(model.at).order_by(model.at))]
    session.commit()
    return found


def is_on_postgresql(session: ScopedSession) -> bool:
    return session.get_bind().dialect.name == "postgresql"


def in_partition(session: ScopedSession, name: str) -> int:
    return int(session.scalar(sa.select(sa.func.count()).select_from(sa.table(name))) or 0)


def test_each_tenant_keeps_its_rows_as_long_as_it_says(session: ScopedSession) -> None:
    short = factories.device(session, factories.tenant(session, log_retention_days=3))
    long = factories.device(session, factories.tenant(session, log_retention_days=10))
    for days in (0, 2, 4, 9, 11, 400):
        log(session, short, NOW - timedelta(days=days))
        log(session, long, NOW - timedelta(days=days))
    session.commit()
    retention.ensure_partitions(session, NOW)
    retention.prune(session, NOW)
    assert ages(session) == [9, 4, 2, 2, 0, 0]


def test_samples_and_events_go_by_days_of_their_own(session: ScopedSession) -> None:
    tenant = factories.tenant(session, log_retention_days=1, event_retention_days=5, sample_retention_days=8)
    device = factories.device(session, tenant)
    run = factories.run(session, [device])
    for days in (0, 4, 6, 9):
        at = NOW - timedelta(days=days)
        session.add(DeviceSample(tenant_id=tenant.id, device_id=device.id, at=at))
        session.add(RunEvent(tenant_id=tenant.id, slice_id=1, counter=days, at=at, run_id=run.id, kind="runner_on_ok"))
        log(session, device, at)
    session.commit()
    for _ in range(2):
        retention.ensure_partitions(session, NOW)
        retention.prune(session, NOW)
    assert [ages(session, model) for model in (DeviceLog, RunEvent, DeviceSample)] == [[0], [4, 0], [6, 4, 0]]


def test_without_any_tenant_there_is_nothing_to_do(session: ScopedSession) -> None:
    retention.ensure_partitions(session, NOW)
    assert retention.prune(session, NOW) == 0


def test_on_postgresql_days_to_come_have_a_partition_and_rows_of_the_default_one_move_there(
    session: ScopedSession,
) -> None:
    device = factories.device(session, factories.tenant(session))
    for days in (-3, 0, 5):
        log(session, device, NOW - timedelta(days=days))
    log(session, device, NOW - timedelta(days=300))
    session.commit()
    made = retention.ensure_partitions(session, NOW)
    if not is_on_postgresql(session):
        assert made == 0
        return
    ahead = [TODAY + timedelta(days=days) for days in range(-1, partitions.DAYS_AHEAD + 1)]
    assert partitions.existing(session, "device_logs") == [TODAY - timedelta(days=5), *ahead]
    assert partitions.existing(session, "run_events") == ahead
    assert made == 3 * len(ahead) + 1
    assert in_partition(session, "device_logs_pdefault") == 1  # of 300 days ago: pruned by the row
    assert in_partition(session, f"device_logs_p{TODAY:%Y%m%d}") == 1
    assert len(ages(session)) == 4
    assert retention.ensure_partitions(session, NOW) == 0


def test_on_postgresql_a_new_row_goes_to_its_day_and_keeps_what_guards_it(session: ScopedSession) -> None:
    device = factories.device(session, factories.tenant(session))
    session.commit()
    retention.ensure_partitions(session, NOW)
    log(session, device, NOW + timedelta(days=1))
    session.commit()
    if is_on_postgresql(session):
        assert in_partition(session, f"device_logs_p{TODAY + timedelta(days=1):%Y%m%d}") == 1
    session.expunge_all()
    with pytest.raises(sa.exc.IntegrityError):
        log(session, device, NOW + timedelta(days=1))


def test_on_postgresql_a_day_nobody_keeps_is_dropped_whole(session: ScopedSession) -> None:
    device = factories.device(session, factories.tenant(session, log_retention_days=3))
    log(session, device, NOW)
    log(session, device, NOW - timedelta(days=3))
    session.commit()
    retention.ensure_partitions(session, NOW)
    later = NOW + timedelta(days=5)
    deleted = retention.prune(session, later)
    assert ages(session) == []
    if is_on_postgresql(session):
        assert deleted == 0
        days = partitions.existing(session, "device_logs")
        assert days[0] == (later - timedelta(days=3)).date()


def test_on_postgresql_only_one_process_changes_partitions_at_a_time(
    session: ScopedSession, sessions: SessionFactory
) -> None:
    if not is_on_postgresql(session):
        assert retention.ensure_partitions(session, NOW) == 0
        return
    with open_session(sessions, ALL_TENANTS) as other:
        other.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": partitions._LOCK})
        assert retention.ensure_partitions(session, NOW) == 0
        retention.prune(session, NOW)
        assert partitions.existing(session, "device_logs") == []
    assert retention.ensure_partitions(session, NOW) > 0


def test_on_postgresql_every_table_has_a_partition_for_today(session: ScopedSession) -> None:
    retention.ensure_partitions(session, NOW)
    if is_on_postgresql(session):
        assert all(date(2026, 3, 4) in partitions.existing(session, table) for table in TABLES)
