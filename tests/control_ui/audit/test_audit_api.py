"""The trail over HTTP: who may read it, how it is searched, and that it can be verified from there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from control_ui.models.people import Role
from control_ui.models.scope import ALL_TENANTS, SessionFactory, open_session
from control_ui.services.audit.trail import REFUSED, Subject, record
from tests.control_ui import factories
from tests.control_ui.audit import tampering
from tests.control_ui.conftest import NOW


@dataclass(frozen=True)
class Trail:
    client: FlaskClient
    headers: dict[Role, dict[str, str]]
    slug: str

    def get(self, path: str, role: Role = Role.AUDITOR) -> Any:
        answer = self.client.get(path, headers=self.headers[role])
        assert answer.status_code == 200, answer.text
        return answer.get_json()

    def actions(self, query: str) -> list[str]:
        return [entry["action"] for entry in self.get(f"/api/audit?{query}")["items"]]


@pytest.fixture
def trail(app: Flask, sessions: SessionFactory) -> Trail:
    with open_session(sessions, ALL_TENANTS) as session:
        tenant, other = factories.tenant(session, "ours"), factories.tenant(session, "theirs")
        users = {role: factories.user(session, None if role == Role.PLATFORM_ADMIN else tenant, role) for role in Role}
        anna, ben = factories.actor(users[Role.ADMIN]), factories.actor(users[Role.OPERATOR])
        made = Subject("template", 7, "standard 100%")
        told: list[tuple[Any, ...]] = [
            (anna, "template.create", made, "ok"),
            (ben, "template.update", made, "ok"),
            (ben, "session.sign_in", Subject("user", ben.id or 0, ben.name), REFUSED),
        ]
        for hours, (who, action, subject, outcome) in enumerate(told):
            record(
                session, who, action, subject, tenant_id=tenant.id, outcome=outcome,
                reason=f"Reason {hours}", at=NOW + timedelta(hours=hours),
            )  # fmt: skip
        record(session, anna, "secret.act", Subject("thing", 1), tenant_id=other.id, at=NOW)
        record(session, anna, "tenant.create", Subject("tenant", other.id), tenant_id=None, at=NOW)
        session.commit()
        return Trail(app.test_client(), {role: factories.headers(user) for role, user in users.items()}, tenant.slug)


def test_the_newest_entry_comes_first_and_pages_go_on_where_they_ended(trail: Trail) -> None:
    first = trail.get("/api/audit?limit=2")
    assert [entry["action"] for entry in first["items"]] == ["session.sign_in", "template.update"]
    second = trail.get(f"/api/audit?limit=2&cursor={first['next']}")
    assert ([entry["action"] for entry in second["items"]], second["next"]) == (["template.create"], None)


FOUND = {
    "actor=operator-": ["session.sign_in", "template.update"],
    "action=template": ["template.update", "template.create"],
    "action=template.create": ["template.create"],
    "action=temp": [],
    "subject=template": ["template.update", "template.create"],
    "subject=template:7": ["template.update", "template.create"],
    "subject=template:8": [],
    "outcome=refused": ["session.sign_in"],
    "since=2026-03-04T06:06:07Z": ["session.sign_in", "template.update"],
    "until=2026-03-04T06:06:07Z": ["template.create"],
    "since=2026-03-04T00:06:07-06:00&until=2026-03-04T07:06:07Z": ["template.update"],
    "text=reason%201": ["template.update"],
    "text=100%25": ["template.update", "template.create"],
    "text=1%25": [],
    "actor=operator-&action=template": ["template.update"],
}


def test_filters_narrow_the_list(trail: Trail) -> None:
    assert {query: trail.actions(query) for query in FOUND} == FOUND


def test_a_filter_that_makes_no_sense_is_refused(trail: Trail) -> None:
    for query in (
        "outcome=maybe", "since=yesterday", "since=2026-03-04", "since=0001-01-01T00:00:00%2B14:00", "actor=%00",
    ):  # fmt: skip
        answer = trail.client.get(f"/api/audit?{query}", headers=trail.headers[Role.AUDITOR])
        assert answer.status_code == 422, query
        assert answer.get_json()["faults"][0]["path"] == f"query.{query.partition('=')[0]}"


def test_one_entry_is_shown_whole(trail: Trail) -> None:
    listed = trail.get("/api/audit?action=template.update")["items"][0]
    shown = trail.get(f"/api/audit/{listed['id']}")
    assert shown == listed
    assert (shown["sequence"], shown["at"], shown["reason"]) == (2, "2026-03-04T06:06:07.000Z", "Reason 1")
    assert shown["previous_hash"] == trail.get("/api/audit?action=template.create")["items"][0]["hash"]


def test_who_may_not_read_the_trail_is_refused(trail: Trail) -> None:
    for method, path in (("GET", "/api/audit"), ("GET", "/api/audit/1"), ("POST", "/api/audit/verify")):
        for role in (Role.VIEWER, Role.OPERATOR):
            assert trail.client.open(path, method=method, headers=trail.headers[role]).status_code == 403


def test_a_tenant_sees_its_own_chain_only(trail: Trail) -> None:
    assert "secret.act" not in trail.actions("")
    everything = trail.get("/api/audit", Role.PLATFORM_ADMIN)["items"]
    foreign = next(entry["id"] for entry in everything if entry["action"] == "secret.act")
    assert trail.client.get(f"/api/audit/{foreign}", headers=trail.headers[Role.AUDITOR]).status_code == 404
    assert {entry["chain"].partition(":")[0] for entry in everything} == {"tenant", "platform"}


def test_verifying_tells_how_far_the_chain_is_whole(trail: Trail, sessions: SessionFactory) -> None:
    answer = trail.client.post("/api/audit/verify", headers=trail.headers[Role.AUDITOR]).get_json()
    (chain,) = answer["chains"]
    assert (answer["intact"], chain["entries"], chain["broken"]) == (True, 3, None)
    with open_session(sessions, ALL_TENANTS) as session:
        tampering.change(session, chain["chain"], 2, "actor_name", "somebody else")
    answer = trail.client.post("/api/audit/verify", headers=trail.headers[Role.AUDITOR]).get_json()
    assert answer["intact"] is False
    assert answer["chains"][0]["broken"]["sequence"] == 2
    everything = trail.client.post("/api/audit/verify", headers=trail.headers[Role.PLATFORM_ADMIN]).get_json()
    assert [found["broken"] is None for found in everything["chains"]].count(False) == 1
    assert len(everything["chains"]) == 3
