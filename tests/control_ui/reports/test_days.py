"""How sites were served day by day: worked out from what is known, kept, and worked out anew while it can change."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa

from control_ui.models import Device, SiteDay, Tenant
from control_ui.models.devices import DeviceStatus
from control_ui.models.scope import Scope, ScopedSession, SessionFactory, open_session
from control_ui.services.reports import dashboard, days
from tests.control_ui import factories
from tests.control_ui.reports.outages import BEGIN, at, changed, sampled

DAY = date(2026, 3, 4)
MIDNIGHT = datetime(2026, 3, 5, 6, tzinfo=UTC)
"""In Chicago."""


def measured(sessions: SessionFactory, tenant: Tenant, now: datetime, day: date = DAY) -> SiteDay:
    with open_session(sessions, Scope(tenant.id)) as session:
        assert days.measure(session, tenant, day, now) == 1
        return session.scalars(sa.select(SiteDay).where(SiteDay.day == day)).one()


def test_a_day_has_the_seconds_of_the_sla_report(
    session: ScopedSession, sessions: SessionFactory, tenant: Tenant, device: Device
) -> None:
    session.commit()
    row = measured(sessions, tenant, MIDNIGHT + timedelta(days=1))
    assert row.reachable_seconds == row.counted_seconds
    assert 0 < row.available_seconds < row.counted_seconds
    assert row.available_seconds == row.fresh_seconds
    assert row.gaps > 0
    assert row.final


def test_pictures_are_counted_over_restarts_of_the_stream(
    session: ScopedSession, sessions: SessionFactory, tenant: Tenant
) -> None:
    device = factories.device(session, tenant, "pi", site=factories.site(session, tenant, name="Site"))
    changed(session, device, -500, DeviceStatus.ONLINE)
    for minute, published in enumerate((100, 105, 110, 3, 8)):
        sampled(session, device, minute, minute + 1, snapshots_published=published, snapshot_age_seconds=2.0 + minute)
    session.commit()
    row = measured(sessions, tenant, at(10))
    assert (row.pictures, row.samples, row.picture_age_seconds, row.oldest_picture_seconds) == (18, 5, 20.0, 6.0)


def test_measuring_again_replaces_what_was_there(
    session: ScopedSession, sessions: SessionFactory, tenant: Tenant, device: Device
) -> None:
    session.commit()
    early = measured(sessions, tenant, at(60))
    late = measured(sessions, tenant, at(600))
    assert not early.final
    assert late.counted_seconds == early.counted_seconds + 540 * 60


def test_today_comes_first_and_then_what_is_missing_day_by_day(
    session: ScopedSession, sessions: SessionFactory, tenant: Tenant, device: Device
) -> None:
    session.commit()
    now, order = MIDNIGHT + timedelta(days=1, hours=12), []
    while (due := days.next_due(session, now)) is not None:
        order.append(due[1])
        measured(sessions, tenant, now, due[1])
    assert order == [date(2026, 3, 6), date(2026, 3, 5), date(2026, 3, 4), date(2026, 3, 3)]
    assert days.next_due(session, now + timedelta(minutes=59)) is None
    again = days.next_due(session, now + timedelta(hours=1))
    assert again is not None
    assert again[1] == date(2026, 3, 6), "only what was not over is worked out anew"


def test_without_a_device_that_was_ever_seen_nothing_is_due(session: ScopedSession, tenant: Tenant) -> None:
    session.commit()
    assert days.next_due(session, BEGIN) is None


@pytest.mark.parametrize(("back", "left"), [(799, 1), (801, 0)])
def test_days_are_forgotten_after_two_years(session: ScopedSession, tenant: Tenant, back: int, left: int) -> None:
    site = factories.site(session, tenant)
    session.add(row(site.id, tenant.id, (BEGIN - timedelta(days=back)).date()))
    session.commit()
    days.forget(session, BEGIN)
    assert session.scalars(sa.select(sa.func.count(SiteDay.site_id))).one() == left


def row(site_id: int, tenant_id: int, day: date, available: float = 86_400.0) -> SiteDay:
    return SiteDay(
        site_id=site_id, tenant_id=tenant_id, day=day, counted_seconds=86_400.0, reachable_seconds=86_400.0,
        fresh_seconds=available, available_seconds=available, gaps=1, pictures=10, samples=10,
        picture_age_seconds=50.0, oldest_picture_seconds=9.0, measured_at=BEGIN,
    )  # fmt: skip


def test_the_dashboard_has_the_worst_sites_first_and_never_rounds_up(session: ScopedSession, tenant: Tenant) -> None:
    good, bad, unseen = (factories.site(session, tenant, name=name) for name in ("Good", "Bad", "Unseen"))
    session.add_all(
        [
            row(good.id, tenant.id, DAY, 86_399.9),
            row(good.id, tenant.id, DAY - timedelta(days=40), 0.0),
            row(bad.id, tenant.id, DAY, 85_967.0),
            SiteDay(
                site_id=unseen.id, tenant_id=tenant.id, day=DAY, counted_seconds=0, reachable_seconds=0,
                fresh_seconds=0, available_seconds=0, gaps=0, pictures=0, samples=0, picture_age_seconds=0,
                oldest_picture_seconds=0, measured_at=BEGIN,
            ),
        ]
    )  # fmt: skip
    session.commit()
    board = dashboard.dashboard(session, DAY - timedelta(days=6))
    assert [one.site for one in board.sites] == ["Bad", "Good", "Unseen"]
    assert [one.figures.available_percent for one in board.sites] == [99.498, 99.999, None]
    assert (board.kept, board.missed) == (1, 1)
    assert [day for day, _ in board.days] == [DAY]
    assert board.total.mean_age_seconds == 5.0
