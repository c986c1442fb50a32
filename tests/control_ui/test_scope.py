"""The wall between tenants, tried from every side."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from control_ui.models import Device, Site, Tenant, User
from control_ui.models.people import Role
from control_ui.models.scope import ALL_TENANTS, Scope, ScopeError, SessionFactory, open_session
from tests.control_ui import factories
from tests.control_ui.conftest import NOW


@dataclass(frozen=True)
class Two:
    """Ids of two tenants with a device each."""

    ours: int
    theirs: int
    our_device: int
    their_device: int


@pytest.fixture
def two(sessions: SessionFactory) -> Two:
    with open_session(sessions, ALL_TENANTS) as session:
        ours, theirs = factories.tenant(session), factories.tenant(session)
        devices = [factories.device(session, tenant) for tenant in (ours, theirs)]
        factories.user(session, theirs, Role.VIEWER)
        factories.user(session, None, Role.PLATFORM_ADMIN)
        session.commit()
        return Two(ours.id, theirs.id, devices[0].id, devices[1].id)


def test_a_query_without_any_filter_gives_our_own_rows_only(sessions: SessionFactory, two: Two) -> None:
    with open_session(sessions, Scope(two.ours)) as session:
        assert [row.id for row in session.scalars(sa.select(Device)).unique()] == [two.our_device]
        assert session.scalars(sa.select(sa.func.count(Device.id))).one() == 1
        assert session.get(Device, two.their_device) is None
        assert [row.id for row in session.scalars(sa.select(Tenant))] == [two.ours]
        assert session.scalars(sa.select(User)).all() == []


def test_joins_aliases_and_subqueries_do_not_reach_over_the_wall(sessions: SessionFactory, two: Two) -> None:
    other = sa.orm.aliased(Device)
    with open_session(sessions, Scope(two.ours)) as session:
        joined = sa.select(Site, other).join(other, other.site_id != Site.id)
        assert session.execute(joined).all() == []
        inside = sa.select(Site).where(Site.id.in_(sa.select(Device.site_id).where(Device.id == two.their_device)))
        assert session.scalars(inside).all() == []
        eager = sa.select(Device).options(joinedload(Device.site)).where(Device.id == two.their_device)
        assert session.scalars(eager).unique().all() == []


def test_updates_and_deletes_in_bulk_touch_our_own_rows_only(sessions: SessionFactory, two: Two) -> None:
    with open_session(sessions, Scope(two.ours)) as session:
        session.execute(sa.update(Device).values(ring="touched"))
        session.commit()
    with open_session(sessions, ALL_TENANTS) as session:
        rings = {row.id: row.ring for row in session.scalars(sa.select(Device)).unique()}
    assert rings == {two.our_device: "touched", two.their_device: "main"}


def test_two_scopes_in_turn_do_not_share_a_cached_filter(sessions: SessionFactory, two: Two) -> None:
    for tenant_id, device_id in [(two.ours, two.our_device), (two.theirs, two.their_device)] * 2:
        with open_session(sessions, Scope(tenant_id)) as session:
            assert [row.id for row in session.scalars(sa.select(Device)).unique()] == [device_id]


def test_a_row_for_another_tenant_is_not_written(sessions: SessionFactory, two: Two) -> None:
    with open_session(sessions, Scope(two.ours)) as session:
        session.add(Site(tenant_id=two.theirs, name="planted", created_at=NOW))
        with pytest.raises(ScopeError, match=f"tenant {two.theirs}"):
            session.flush()


def test_a_session_without_a_scope_does_nothing(sessions: SessionFactory) -> None:
    with sessions() as session, pytest.raises(ScopeError, match="no scope"):
        session.scalars(sa.select(Device)).all()
