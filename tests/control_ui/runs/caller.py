"""The API, called by a person."""

from __future__ import annotations

from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from control_ui.models import User
from control_ui.models.scope import ScopedSession
from tests.control_ui import factories


class Caller:
    """The API, as one person calls it."""

    def __init__(self, app: Flask, person: User, session: ScopedSession) -> None:
        self._client = app.test_client()
        self._headers = factories.headers(person)
        self._session = session

    def get(self, path: str, **query: Any) -> TestResponse:
        return self._call("GET", path, query_string=query)

    def post(self, path: str, body: dict[str, Any], **headers: str) -> TestResponse:
        return self._call("POST", path, json=body, headers=headers)

    def put(self, path: str, body: dict[str, Any], etag: str) -> TestResponse:
        return self._call("PUT", path, json=body, headers={"If-Match": etag})

    def delete(self, path: str, etag: str) -> TestResponse:
        return self._call("DELETE", path, headers={"If-Match": etag})

    def _call(self, method: str, path: str, headers: dict[str, str] | None = None, **what: Any) -> TestResponse:
        self._session.rollback()  # SQLite has one writer: a test that has only looked must let go
        return self._client.open(f"/api{path}", method=method, headers=self._headers | (headers or {}), **what)
