"""Every operation of the API, tried by people of another tenant, by viewers, and by nobody at all."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from control_ui.models.people import Role
from control_ui.models.scope import ALL_TENANTS, SessionFactory, open_session
from control_ui.views.api.operation import Operation
from control_ui.views.blueprints import operations
from tests.control_ui import factories
from tests.control_ui.bodies import BODIES, ONLY_ASKING, SHARED
from tests.control_ui.world import World, populate

THEIRS = "zebra"
OURS = "gecko"
OF_PEOPLE = [operation for operation in operations() if operation.guard.name == "people"]
WITH_ROWS = [operation for operation in OF_PEOPLE if operation.path_parameters]
CHANGING = [operation for operation in OF_PEOPLE if operation.method != "GET"]
PERSONAL = ("/api/me", "/api/tokens", "/auth")
"""What everybody may do with what is their own: profile, password, tokens, signing out."""


def name(operation: Operation) -> str:
    return f"{operation.method} {operation.path}"


@dataclass(frozen=True)
class Walk:
    """Two tenants with one of everything, and a client."""

    client: FlaskClient
    theirs: World
    ours: World

    def call(
        self, operation: Operation, headers: dict[str, str], rows: World, *, with_body: bool = True
    ) -> TestResponse:
        path = operation.path
        for parameter in operation.path_parameters:
            path = path.replace(f"{{{parameter}}}", str(rows.ids.get(parameter, "configure")))
        sent = headers | ({"If-Match": '"1"'} if operation.conditional else {})
        body = BODIES[name(operation)](rows.ids) if with_body and operation.body is not None else None
        return self.client.open(path, method=operation.method, headers=sent, json=body)


@pytest.fixture
def walk(app: Flask, sessions: SessionFactory) -> Walk:
    with open_session(sessions, ALL_TENANTS) as session:
        theirs, ours = populate(session, THEIRS, THEIRS), populate(session, OURS, OURS)
    return Walk(app.test_client(), theirs, ours)


def test_every_operation_with_a_body_is_walked_with_a_valid_one() -> None:
    assert {name(operation) for operation in OF_PEOPLE if operation.body is not None} == set(BODIES)


def test_a_row_of_another_tenant_is_not_there_whoever_asks(walk: Walk) -> None:
    leaks = []
    for operation in WITH_ROWS:
        if name(operation) in SHARED:
            continue
        for role in (Role.ADMIN, Role.OPERATOR, Role.AUDITOR):
            answer = walk.call(operation, factories.headers(walk.ours.users[role]), walk.theirs)
            if answer.status_code not in (403, 404) or THEIRS in answer.text:
                leaks.append((name(operation), role, answer.status_code, answer.text[:200]))
    assert leaks == []


def test_who_may_do_it_is_told_that_another_tenants_row_does_not_exist(walk: Walk) -> None:
    """404, not 403: a refusal would tell that there is something."""
    wrong = []
    for operation in WITH_ROWS:
        if name(operation) in SHARED or operation.permission == "platform:manage":
            continue
        answer = walk.call(operation, factories.headers(walk.ours.users[Role.ADMIN]), walk.theirs)
        if answer.status_code != 404:
            wrong.append((name(operation), answer.status_code, answer.text[:200]))
    assert wrong == []


def test_no_list_no_search_and_no_report_tells_of_another_tenant(walk: Walk) -> None:
    leaks, answered = [], 0
    for operation in OF_PEOPLE:
        if operation.path_parameters or (operation.method != "GET" and operation.body is None):
            continue
        for role in (Role.ADMIN, Role.AUDITOR):
            answer = walk.call(operation, factories.headers(walk.ours.users[role]), walk.theirs)
            answered += answer.status_code == 200
            if THEIRS in answer.text:
                leaks.append((name(operation), role, answer.status_code, answer.text[:300]))
    assert leaks == []
    assert answered > 10, "the walk must have seen real answers"


def test_the_same_walk_among_our_own_rows_finds_them(walk: Walk) -> None:
    """Without this, a walk that asks for nonsense would find no leak either."""
    missing = []
    for operation in WITH_ROWS:
        if operation.method == "GET":
            answer = walk.call(operation, factories.headers(walk.ours.users[Role.ADMIN]), walk.ours)
            if answer.status_code == 404:
                missing.append((name(operation), answer.text[:200]))
    assert missing == []


@pytest.mark.parametrize("role", [Role.VIEWER, Role.AUDITOR])
def test_who_may_only_look_can_change_nothing(walk: Walk, role: Role) -> None:
    changed = []
    for operation in CHANGING:
        if operation.path.startswith(PERSONAL) or name(operation) in ONLY_ASKING:
            continue
        answer = walk.call(operation, factories.headers(walk.ours.users[role]), walk.ours)
        if answer.status_code != 403 and not (role == Role.AUDITOR and operation.permission == "audit:read"):
            changed.append((name(operation), answer.status_code))
    assert changed == []


def test_nobody_gets_in_without_showing_who_they_are(walk: Walk) -> None:
    assert [
        (name(operation), status)
        for operation in operations()
        if operation.guard.schemes
        and (status := walk.call(operation, {}, walk.ours, with_body=False).status_code) != 401
    ] == []
