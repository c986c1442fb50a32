"""A trail with something in it, and what makes reports."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from control_ui.jobs.context import JobContext, make_context, using
from control_ui.models.people import Role
from control_ui.models.scope import ALL_TENANTS, SessionFactory, open_session
from control_ui.services.actor import ANONYMOUS
from control_ui.services.audit.trail import Subject, record
from control_ui.settings import Settings
from tests.control_ui import factories
from tests.control_ui.people.cast import Cast


@dataclass(frozen=True)
class Trail:
    """Ids of entries, in their order."""

    created: int
    updated: int
    refused: int
    theirs: int


@pytest.fixture
def here(settings: Settings) -> Iterator[JobContext]:
    """What jobs of this process use."""
    made = make_context(settings)
    with using(made):
        yield made
    made.close()


@pytest.fixture
def trail(sessions: SessionFactory, cast: Cast) -> Trail:
    actor, now = factories.actor(cast[Role.OPERATOR]), datetime.now(UTC)
    ours, theirs = cast.tenant.id, cast.stranger.tenant_id
    subject = Subject("template", 7, "Standard camera")
    before = {"jpeg_quality": 80, "camera": {"user": "viewer", "password": "hunter2"}, "old": 1}
    after = {"jpeg_quality": 85, "camera": {"user": "viewer", "password": "hunter3"}, "fresh": True}
    with open_session(sessions, ALL_TENANTS) as session:
        created = record(session, actor, "template.create", subject, tenant_id=ours, after=before, at=now)
        updated = record(
            session, actor, "template.update", subject, tenant_id=ours, reason="sharper", before=before, after=after
        )
        refused = record(
            session, ANONYMOUS, "session.sign_in", Subject("user", 1, "nobody"), tenant_id=ours, outcome="refused"
        )
        other = record(session, actor, "template.create", Subject("template", 8, "Theirs"), tenant_id=theirs)
        session.commit()
        return Trail(created.id, updated.id, refused.id, other.id)
