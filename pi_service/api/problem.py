"""Errors as RFC 9457 problem documents: what is wrong, in which request, what to do."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from flask import Response
from werkzeug.exceptions import HTTPException

MEDIA_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:carwash:problem:"


class ProblemError(Exception):
    """Ends a request with a problem document. `kind` becomes its `type`; `members` are added to it."""

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        kind: str | None = None,
        headers: Mapping[str, str] | None = None,
        members: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.kind = kind
        self.headers = dict(headers or {})
        self.members = dict(members or {})

    def response(self) -> Response:
        """The answer to send."""
        document = {
            "type": f"{TYPE_PREFIX}{self.kind}" if self.kind else "about:blank",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
            **self.members,
        }
        return Response(json.dumps(document) + "\n", self.status, self.headers, content_type=MEDIA_TYPE)


def from_http_exception(error: HTTPException) -> Response:
    """Werkzeug's own errors (404, 405, 400 ...) in the same form; headers such as `Allow` stay. Redirects pass."""
    plain = error.get_response()
    status = error.code or 500
    if status < 400:
        return Response(plain.get_data(), status, list(plain.headers))
    kept = {name: value for name, value in plain.headers if name.lower() not in ("content-type", "content-length")}
    return ProblemError(status, error.description or HTTPStatus(status).phrase, headers=kept).response()
