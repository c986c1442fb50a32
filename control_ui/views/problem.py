"""Every error as `application/problem+json` (RFC 9457), with the faults by path where there are some."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, g, json, request
from pydantic import ValidationError
from pydantic_core import ErrorDetails
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import HTTPException

from control_ui.services.configuration.schema_faults import path_of
from control_ui.services.errors import Fault, InvalidError, ServiceError, TooManyRequestsError

log = logging.getLogger(__name__)
RETRY_SECONDS = 5
_QUOTES_NOTHING = {
    "bytes_invalid_encoding": "Data should be valid {encoding}",
    "json_invalid": "Invalid JSON",
    "union_tag_invalid": "{discriminator} should be one of {expected_tags}",
    "uuid_parsing": "Input should be a valid UUID",
}
"""For those of pydantic's errors whose own words quote some of what was given."""


def problem(
    status: int, detail: str, faults: list[Fault] | None = None, headers: dict[str, str] | None = None
) -> Response:
    """A problem document."""
    document: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "instance": request.path,
        "request_id": g.get("request_id", ""),
    }
    if faults:
        document["faults"] = [{"path": fault.path, "message": fault.message} for fault in faults]
    return Response(json.dumps(document), status, headers, mimetype="application/problem+json")


def register(app: Flask) -> None:
    """Answer every error of this application with a problem document."""
    app.register_error_handler(ServiceError, _of_service)
    app.register_error_handler(StaleDataError, _of_lost_update)
    app.register_error_handler(IntegrityError, _of_race)
    app.register_error_handler(OperationalError, _of_database)
    app.register_error_handler(HTTPException, _of_http)
    app.register_error_handler(Exception, _of_bug)


def faults_of(error: ValidationError, where: str) -> list[Fault]:
    """What pydantic found wrong, without quoting what was given: it may be a password."""
    root = "$" if where == "body" else where
    return [
        Fault(path_of(details["loc"], root), _message(details))
        for details in error.errors(include_url=False, include_input=False)
    ]


def _message(details: ErrorDetails) -> str:
    own = _QUOTES_NOTHING.get(details["type"])
    return details["msg"] if own is None else own.format_map(details.get("ctx", {}))


def _of_service(error: ServiceError) -> Response:
    faults = error.faults if isinstance(error, InvalidError) else None
    headers = {}
    if isinstance(error, TooManyRequestsError):
        headers["Retry-After"] = str(error.retry_after_seconds)
    if error.status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    if error.status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers["Retry-After"] = str(RETRY_SECONDS)
    return problem(error.status, error.detail, faults, headers)


def _of_lost_update(_error: StaleDataError) -> Response:
    return problem(412, "somebody else changed this at the same moment: read it again")


def _of_race(error: IntegrityError) -> Response:
    log.info("two writers at once: %s", error.orig)
    return problem(
        409,
        "this clashes with what is there already, or with what somebody else is doing at this moment: read it again",
    )


def _of_database(error: OperationalError) -> Response:
    log.error("the database does not answer: %s", error.orig)
    return problem(503, "the database does not answer", headers={"Retry-After": str(RETRY_SECONDS)})


def _of_http(error: HTTPException) -> Response:
    answer = problem(error.code or 500, error.description or "")
    for name, value in error.get_headers():
        if name not in ("Content-Type", "Content-Length"):
            answer.headers[name] = value
    return answer


def _of_bug(error: Exception) -> Response:
    log.exception("a request failed in a way nobody has thought of", exc_info=error)
    return problem(500, "something went wrong here; the request_id finds it in the log")
