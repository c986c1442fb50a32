"""From the bytes of a request to typed arguments, and requests that are answered once."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any, get_origin

from flask import Response, json, request
from pydantic import BaseModel, ValidationError
from werkzeug.exceptions import BadRequest, PreconditionRequired, UnsupportedMediaType

from control_ui.models.scope import ScopedSession
from control_ui.services import idempotency
from control_ui.services.actor import Actor
from control_ui.services.errors import Fault, InvalidError
from control_ui.views.problem import faults_of

LONGEST_KEY = 128


def bind(query: type[BaseModel] | None, body: type[BaseModel] | None) -> dict[str, Any]:
    """The declared arguments. Raises InvalidError with every fault, BadRequest, UnsupportedMediaType."""
    arguments: dict[str, Any] = {}
    if query is not None:
        arguments["query"] = _validated(query, _query_values(query), "query")
    if body is not None:
        arguments["body"] = _validated(body, _json_body(), "body")
    return arguments


def if_match() -> int:
    """The row version in If-Match. Raises PreconditionRequired where there is none, BadRequest where it is none of
    ours."""
    header = request.headers.get("If-Match", "")
    if not header:
        raise PreconditionRequired(
            "send If-Match with the ETag you read, so that nobody's change is overwritten unseen"
        )
    found = re.fullmatch(r'(?:W/)?"?(\d{1,15})"?', header.strip())
    if not found:
        raise BadRequest('If-Match must be one ETag as it was given, for example "3"')
    return int(found[1])


def once(session: ScopedSession, actor: Actor, key: str, now: datetime, work: Callable[[], Response]) -> Response:
    """Do `work` for the first request with this key; give its answer to the others."""
    if not 0 < len(key) <= LONGEST_KEY or not key.isascii() or not key.isprintable():
        raise InvalidError(
            "the Idempotency-Key is not usable",
            [Fault("header.Idempotency-Key", f"must be 1 to {LONGEST_KEY} printable ASCII characters")],
        )
    digest = idempotency.request_hash(request.method, request.full_path, request.get_data())
    row = idempotency.claim(session, owner=f"{actor.kind}:{actor.id}", key=key, request_sha256=digest, now=now)
    if row.status_code is not None:
        answer = Response(json.dumps(row.answer), row.status_code, mimetype="application/json")
        answer.headers["Idempotency-Replayed"] = "true"
        return answer
    response = work()
    idempotency.keep_answer(session, row, response.status_code, response.get_json(silent=True))
    return response


def _query_values(model: type[BaseModel]) -> dict[str, Any]:
    """One value a name, or a list where the model wants one. A name given twice for one value is refused."""
    values: dict[str, Any] = {}
    for name in request.args:
        given = request.args.getlist(name)
        field = model.model_fields.get(name)
        many = field is not None and get_origin(field.annotation) is list
        if not many and len(given) > 1:
            raise InvalidError("the query is not valid", [Fault(f"query.{name}", "is given more than once")])
        values[name] = given if many else given[0]
    return values


def _json_body() -> Any:
    if not request.is_json:
        raise UnsupportedMediaType("send JSON, with Content-Type: application/json")
    try:
        return json.loads(request.get_data())
    except (ValueError, RecursionError) as error:
        raise BadRequest("the body is not JSON") from error


def _validated(model: type[BaseModel], values: Any, where: str) -> BaseModel:
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise InvalidError(f"the {where} is not valid", faults_of(error, where)) from error
