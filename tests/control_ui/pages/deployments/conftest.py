"""A template on Pis that check in, and people at the pages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask

from control_ui.models import User
from control_ui.models.people import Role
from control_ui.models.scope import ALL_TENANTS, SessionFactory, open_session
from tests.control_ui import factories
from tests.control_ui.deployments.conftest import Stage, make_stage
from tests.control_ui.deployments.site import Direct
from tests.control_ui.pages.browser import sign_in
from tests.control_ui.pages.runs.conftest import Visitor
from tests.control_ui.people.cast import PASSWORD_HASH, change

StageOf = Callable[..., Stage]


@pytest.fixture
def stage_of(sessions: SessionFactory) -> StageOf:
    """Makes a stage with Pis of these names, at the time that it is: the pages know no other."""

    def make(*names: str, **wishes: Any) -> Stage:
        made = make_stage(sessions, Direct(sessions), *names, now=datetime.now(UTC), **wishes)
        for user in (made.admin, made.operator):
            change(sessions, user, password_hash=PASSWORD_HASH)
        return made

    return make


@pytest.fixture
def stage(stage_of: StageOf) -> Stage:
    """Five Pis."""
    return stage_of("pi-1", "pi-2", "pi-3", "pi-4", "pi-5")


@pytest.fixture
def enter(app: Flask) -> Callable[[User], Visitor]:
    """A browser of its own, signed in."""

    def at(user: User) -> Visitor:
        client = app.test_client()
        sign_in(client, user)
        return Visitor(client)

    return at


@pytest.fixture
def operator(enter: Callable[[User], Visitor], stage: Stage) -> Visitor:
    return enter(stage.operator)


@pytest.fixture
def person_of(sessions: SessionFactory, enter: Callable[[User], Visitor]) -> Callable[..., Visitor]:
    """`person_of(stage, Role.VIEWER)`; without a stage, of another tenant."""

    def at(stage: Stage | None, role: Role) -> Visitor:
        with open_session(sessions, ALL_TENANTS) as session:
            tenant = factories.tenant(session) if stage is None else stage.tenant
            user = factories.user(session, tenant, role, password_hash=PASSWORD_HASH)
            session.commit()
        return enter(user)

    return at
