"""From a function to an operation of the API: who may call it, what it takes and gives, bound and documented from one
declaration.

    @api.post("/groups", permission=Permission.DEVICES_MANAGE, body=GroupIn, returns=GroupOut, status=201,
    errors=(409,))
    def create(call: Call, body: GroupIn) -> Reply:
        '''Create a group.'''
        group = groups.create(call.session, call.actor, ...)
        return Reply(GroupOut.of(group), etag=group.row_version)

Path parameters are arguments of the function, named as in the rule; `query` and `body` are there when declared.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, Response, request
from pydantic import BaseModel

from control_ui.models.scope import Scope, ScopedSession, open_session
from control_ui.services.actor import Actor
from control_ui.services.errors import NotFoundError
from control_ui.services.permissions import Permission
from control_ui.views.api import binding
from control_ui.views.authentication import PEOPLE, PUBLIC, Guard
from control_ui.views.state import app_state

LARGEST_ID = 2**63 - 1
"""Of the database's integers: what is beyond cannot even be asked for."""
View = Callable[..., "Reply | BaseModel | Response | None"]


@dataclass(frozen=True)
class Call:
    """One request, as a view sees it. The session is closed when the view returns."""

    session: ScopedSession
    actor: Actor
    now: datetime
    if_match: int | None = None
    """The row version the client read; always there where the operation asks for it."""


@dataclass(frozen=True)
class Reply:
    """An answer that is more than its body."""

    body: BaseModel | None = None
    status: int | None = None
    etag: int | None = None
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Operation:
    """What the API says of one of its functions."""

    method: str
    rule: str
    name: str
    tag: str
    summary: str
    description: str
    guard: Guard
    permission: Permission | None
    query: type[BaseModel] | None
    body: type[BaseModel] | None
    returns: type[BaseModel] | None
    status: int
    errors: frozenset[int]
    idempotent: bool
    """Takes an Idempotency-Key."""
    conditional: bool
    """Asks for If-Match."""
    media_types: tuple[str, ...]
    """Of the answer, where it is not JSON."""

    @property
    def path(self) -> str:
        """As OpenAPI writes it: `/api/devices/{device_id}`."""
        return re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", self.rule)

    @property
    def path_parameters(self) -> dict[str, str]:
        """Name to the converter's: `{"device_id": "int"}`."""
        return {name: kind or "string" for kind, name in re.findall(r"<(?:(\w+):)?(\w+)>", self.rule)}


class Api:
    """The operations on one noun."""

    def __init__(self, name: str, tag: str, prefix: str = "/api") -> None:
        self.blueprint = Blueprint(f"api_{name}", __name__)
        self.operations: list[Operation] = []
        self._tag = tag
        self._prefix = prefix

    def get(self, rule: str, **options: Any) -> Callable[[View], View]:
        return self._route("GET", rule, **options)

    def post(self, rule: str, **options: Any) -> Callable[[View], View]:
        return self._route("POST", rule, **options)

    def put(self, rule: str, **options: Any) -> Callable[[View], View]:
        return self._route("PUT", rule, **options)

    def delete(self, rule: str, **options: Any) -> Callable[[View], View]:
        return self._route("DELETE", rule, **options)

    def _route(
        self,
        method: str,
        rule: str,
        *,
        permission: Permission | None = None,
        guard: Guard | None = None,
        query: type[BaseModel] | None = None,
        body: type[BaseModel] | None = None,
        returns: type[BaseModel] | None = None,
        status: int = 200,
        errors: tuple[int, ...] = (),
        idempotent: bool = False,
        conditional: bool = False,
        media_types: tuple[str, ...] = (),
    ) -> Callable[[View], View]:
        def decorate(view: View) -> View:
            words = inspect.cleandoc(view.__doc__ or view.__name__).partition("\n")
            operation = Operation(
                method=method,
                rule=self._prefix + rule,
                name=view.__name__,
                tag=self._tag,
                summary=words[0].rstrip("."),
                description=words[2].strip(),
                guard=guard or (PEOPLE if permission else PUBLIC),
                permission=permission,
                query=query,
                body=body,
                returns=returns,
                status=status,
                errors=frozenset(errors),
                idempotent=idempotent,
                conditional=conditional,
                media_types=media_types,
            )
            self.operations.append(operation)
            self.blueprint.add_url_rule(
                operation.rule, f"{method.lower()}_{view.__name__}", _handler(operation, view), methods=[method]
            )
            return view

        return decorate


def _handler(operation: Operation, view: View) -> Callable[..., Response]:
    def handle(**path: Any) -> Response:
        identity = operation.guard.identify()
        if operation.permission is not None:
            identity.actor.require(operation.permission)
        if any(isinstance(value, int) and value > LARGEST_ID for value in path.values()):
            raise NotFoundError("no row has so large an id")
        arguments = path | binding.bind(operation.query, operation.body)
        if_match = binding.if_match() if operation.conditional else None
        return _call(operation, view, identity.actor, identity.scope, if_match, arguments)

    return handle


def _call(
    operation: Operation, view: View, actor: Actor, scope: Scope, if_match: int | None, arguments: dict[str, Any]
) -> Response:
    with open_session(app_state().sessions, scope) as session:
        call = Call(session, actor, datetime.now(UTC), if_match)
        key = request.headers.get("Idempotency-Key") if operation.idempotent else None
        if key is None:
            return _response(operation, view(call, **arguments))
        return binding.once(session, actor, key, call.now, lambda: _response(operation, view(call, **arguments)))


def _response(operation: Operation, answer: Reply | BaseModel | Response | None) -> Response:
    if isinstance(answer, Response):
        return answer
    reply = answer if isinstance(answer, Reply) else Reply(answer)
    status = reply.status or operation.status
    content = "" if reply.body is None else reply.body.model_dump_json(by_alias=True)
    response = Response(content, status, reply.headers, mimetype="application/json")
    if reply.body is None:
        del response.headers["Content-Type"]
    if reply.etag is not None:
        response.set_etag(str(reply.etag))
    return response
