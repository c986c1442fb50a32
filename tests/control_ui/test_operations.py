"""What every operation of the API has in common, on operations made for the purpose."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from control_ui import create_app
from control_ui.models import Tenant
from control_ui.models.people import Role
from control_ui.models.scope import ALL_TENANTS, SessionFactory, open_session
from control_ui.services.errors import InvalidError
from control_ui.services.permissions import Permission
from control_ui.settings import Settings
from control_ui.views.api.openapi import document
from control_ui.views.api.operation import Api, Call, Reply
from control_ui.views.api.schemas.base import In, Name, Out, PageQuery
from tests.control_ui import factories

api = Api("example", "example")


class NoteIn(In):
    name: Name
    password: str = ""


class NoteOut(Out):
    tenant: str


@api.post("/notes", permission=Permission.CONFIG_WRITE, body=NoteIn, returns=NoteOut, status=201, idempotent=True)
def make_note(call: Call, body: NoteIn) -> Reply:
    """Make a tenant, to have something that can be counted."""
    if body.name == "refused":
        raise InvalidError("not this one")
    row = factories.tenant(call.session, body.name)
    call.session.commit()
    return Reply(NoteOut(tenant=row.slug))


@api.put("/notes/<int:note_id>", permission=Permission.CONFIG_WRITE, body=NoteIn, returns=NoteOut, conditional=True)
def change_note(call: Call, note_id: int, body: NoteIn) -> Reply:
    """Say which version was read."""
    return Reply(NoteOut(tenant=str(call.if_match)), etag=note_id)


@api.get("/notes", permission=Permission.FLEET_READ, query=PageQuery, returns=NoteOut)
def list_notes(_call: Call, query: PageQuery) -> NoteOut:
    """Say how many were asked for."""
    return NoteOut(tenant=str(query.limit))


@api.get("/notes/latest", permission=Permission.FLEET_READ, returns=NoteOut, errors=(304, 409))
def latest_note(_call: Call) -> Reply:
    """Say that nothing is new."""
    return Reply(status=304)


@pytest.fixture
def client(settings: Settings) -> Iterator[FlaskClient]:
    app: Flask = create_app(settings)
    app.register_blueprint(api.blueprint)
    yield app.test_client()
    app.extensions["carwash"].sessions.kw["bind"].dispose()


@pytest.fixture
def headers(sessions: SessionFactory) -> dict[Role, dict[str, str]]:
    """By role: what a person of that role sends. All but the platform's administrator are of one tenant."""
    with open_session(sessions, ALL_TENANTS) as session:
        tenant = factories.tenant(session, "ours")
        factories.tenant(session, "theirs")
        users = {role: factories.user(session, None if role == Role.PLATFORM_ADMIN else tenant, role) for role in Role}
        session.commit()
        return {role: factories.headers(user) for role, user in users.items()}


def tenants(sessions: SessionFactory) -> int:
    with open_session(sessions, ALL_TENANTS) as session:
        return session.query(Tenant).count()


def test_without_a_token_nothing_is_told(client: FlaskClient) -> None:
    answer = client.post("/api/notes", json={"nonsense": 1})
    assert (answer.status_code, answer.mimetype) == (401, "application/problem+json")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_forged_token_is_refused(client: FlaskClient, headers: dict[Role, dict[str, str]]) -> None:
    token = headers[Role.ADMIN]["Authorization"]
    forged = token[:-4] + ("AAAA" if token[-4:] != "AAAA" else "BBBB")
    assert client.get("/api/notes", headers={"Authorization": forged}).status_code == 401


@pytest.mark.parametrize("role", [Role.VIEWER, Role.AUDITOR])
def test_who_may_only_look_is_refused_with_the_permission_it_needs(
    client: FlaskClient, headers: dict[Role, dict[str, str]], role: Role
) -> None:
    answer = client.post("/api/notes", json={"name": "x"}, headers=headers[role])
    assert answer.status_code == 403
    assert "config:write" in answer.get_json()["detail"]


def test_faults_are_named_by_path_and_quote_nothing(client: FlaskClient, headers: dict[Role, dict[str, str]]) -> None:
    answer = client.post("/api/notes", json={"name": 7, "colour": "hunter2"}, headers=headers[Role.ADMIN])
    assert answer.status_code == 422
    assert {fault["path"] for fault in answer.get_json()["faults"]} == {"$.name", "$.colour"}
    assert "hunter2" not in answer.text


@pytest.mark.parametrize(
    ("data", "content_type", "status"),
    [
        (b"{", "application/json", 400),
        (b"name=x", "application/x-www-form-urlencoded", 415),
        (b"\xff", "application/json", 400),
    ],
)
def test_a_body_that_is_no_json_is_refused(
    client: FlaskClient, headers: dict[Role, dict[str, str]], data: bytes, content_type: str, status: int
) -> None:
    answer = client.post("/api/notes", data=data, content_type=content_type, headers=headers[Role.ADMIN])
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")


def test_an_unknown_or_repeated_parameter_is_refused(client: FlaskClient, headers: dict[Role, dict[str, str]]) -> None:
    for query in ("limit=0", "colour=red", "limit=1&limit=2"):
        assert client.get(f"/api/notes?{query}", headers=headers[Role.VIEWER]).status_code == 422
    assert client.get("/api/notes?limit=7", headers=headers[Role.VIEWER]).get_json() == {"tenant": "7"}


def test_the_same_key_does_the_work_once_and_answers_alike(
    client: FlaskClient, sessions: SessionFactory, headers: dict[Role, dict[str, str]]
) -> None:
    before = tenants(sessions)
    sent = headers[Role.ADMIN] | {"Idempotency-Key": "a-1"}
    first, second = (client.post("/api/notes", json={"name": "once"}, headers=sent) for _ in range(2))
    assert (first.status_code, first.get_json()) == (second.status_code, second.get_json()) == (201, {"tenant": "once"})
    assert second.headers["Idempotency-Replayed"] == "true"
    assert tenants(sessions) == before + 1
    assert client.post("/api/notes", json={"name": "other"}, headers=sent).status_code == 422
    other_person = headers[Role.OPERATOR] | {"Idempotency-Key": "a-1"}
    assert client.post("/api/notes", json={"name": "other"}, headers=other_person).status_code == 201


def test_a_key_whose_request_was_refused_can_be_used_again(
    client: FlaskClient, headers: dict[Role, dict[str, str]]
) -> None:
    sent = headers[Role.ADMIN] | {"Idempotency-Key": "b-1"}
    assert client.post("/api/notes", json={"name": "refused"}, headers=sent).status_code == 422
    assert client.post("/api/notes", json={"name": "fine"}, headers=sent).status_code == 201


def test_a_write_without_the_version_that_was_read_is_refused(
    client: FlaskClient, headers: dict[Role, dict[str, str]]
) -> None:
    sent = headers[Role.ADMIN]
    assert client.put("/api/notes/7", json={"name": "x"}, headers=sent).status_code == 428
    assert client.put("/api/notes/7", json={"name": "x"}, headers=sent | {"If-Match": "x"}).status_code == 400
    answer = client.put("/api/notes/7", json={"name": "x"}, headers=sent | {"If-Match": '"3"'})
    assert (answer.get_json(), answer.headers["ETag"]) == ({"tenant": "3"}, '"7"')


def test_only_a_platform_administrator_chooses_the_tenant(
    client: FlaskClient, headers: dict[Role, dict[str, str]]
) -> None:
    platform = headers[Role.PLATFORM_ADMIN]
    assert client.get("/api/notes", headers=platform | {"X-Tenant": "theirs"}).status_code == 200
    assert client.get("/api/notes", headers=platform | {"X-Tenant": "nobody"}).status_code == 404
    assert client.get("/api/notes", headers=headers[Role.ADMIN] | {"X-Tenant": "theirs"}).status_code == 404
    assert client.get("/api/notes", headers=headers[Role.ADMIN] | {"X-Tenant": "ours"}).status_code == 200


def test_an_unknown_path_is_a_problem_document_and_answers_are_hardened(client: FlaskClient) -> None:
    answer = client.get("/api/nothing")
    assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert json.loads(answer.text)["request_id"] == answer.headers["X-Request-ID"]


def test_an_id_beyond_what_a_database_holds_is_not_there(
    client: FlaskClient, headers: dict[Role, dict[str, str]]
) -> None:
    answer = client.put(f"/api/notes/{2**63}", json={"name": "x"}, headers=headers[Role.ADMIN] | {"If-Match": '"1"'})
    assert answer.status_code == 404


def test_an_answer_without_a_body_is_documented_without_one() -> None:
    responses = document(api.operations, "/")["paths"]["/api/notes/latest"]["get"]["responses"]
    assert responses["304"] == {"description": "Not Modified"}
    assert set(responses["409"]["content"]) == {"application/problem+json"}
