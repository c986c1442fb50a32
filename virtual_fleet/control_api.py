"""A client of the control plane's JSON API, as an operator's own program would be."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import requests

from virtual_fleet.errors import FleetError

TIMEOUT_SECONDS = 30.0
POLL_SECONDS = 0.5
HERE = ("online", "degraded")
"""It checks in, well or not."""


@dataclass
class ControlApi:
    """Signs in with e-mail address and password. `tenant` narrows a platform administrator's requests to one tenant."""

    url: str
    email: str
    password: str = field(repr=False)
    tenant: str = ""
    _token: str = field(default="", repr=False)

    def for_tenant(self, slug: str) -> ControlApi:
        """The same person, in one tenant."""
        return ControlApi(self.url, self.email, self.password, slug, self._token)

    def get(self, path: str, **query: Any) -> Any:
        return self.request("GET", path, params=query).json()

    def items(self, path: str, **query: Any) -> list[Any]:
        """Every item of a list, over all its pages."""
        found: list[Any] = []
        cursor: dict[str, Any] = {}
        while True:
            page = self.get(path, limit=500, **query, **cursor)
            found += page["items"]
            if page["next"] is None:
                return found
            cursor = {"cursor": page["next"]}

    def post(self, path: str, body: Any = None) -> Any:
        """POST with a key of its own, so that it is safe to send again."""
        headers = {"Idempotency-Key": str(uuid.uuid4())}
        response = self.request("POST", path, json={} if body is None else body, headers=headers)
        return response.json() if response.content else None

    def put(self, path: str, body: Any, etag: str) -> Any:
        return self.request("PUT", path, json=body, headers={"If-Match": etag}).json()

    def request(self, method: str, path: str, **options: Any) -> requests.Response:
        """One request. Raises FleetError with the problem's own words."""
        response = self.attempt(method, path, **options)
        if not response.ok:
            raise FleetError(f"{method} {path}: {response.status_code} {_words(response)}")
        return response

    def attempt(self, method: str, path: str, **options: Any) -> requests.Response:
        """One request whose refusal is an answer too. A token that has expired is replaced once."""
        response = self._send(method, path, **options)
        if response.status_code == 401:
            self._token = ""
            response = self._send(method, path, **options)
        return response

    def wait_for(self, path: str, wanted: Callable[[Any], bool], *, timeout: float) -> Any:
        """Ask until the answer is `wanted`. Raises FleetError with the last one."""
        deadline = time.monotonic() + timeout
        while True:
            answer = self.get(path)
            if wanted(answer):
                return answer
            if time.monotonic() > deadline:
                raise FleetError(f"{path} is not as wanted after {timeout:.0f} s; it is {answer}")
            time.sleep(POLL_SECONDS)

    def _send(self, method: str, path: str, **options: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {self._token or self._sign_in()}", **options.pop("headers", {})}
        if self.tenant:
            headers["X-Tenant"] = self.tenant
        return requests.request(method, f"{self.url}{path}", headers=headers, timeout=TIMEOUT_SECONDS, **options)

    def _sign_in(self) -> str:
        body = {"email": self.email, "password": self.password}
        response = requests.post(f"{self.url}/auth/login", json=body, timeout=TIMEOUT_SECONDS)
        if not response.ok:
            raise FleetError(f"{self.email} cannot sign in: {response.status_code} {_words(response)}")
        self._token = str(response.json()["access_token"])
        return self._token


def _words(response: requests.Response) -> str:
    try:
        document = response.json()
    except ValueError:
        return response.text[:300]
    faults = "; ".join(f"{fault['path']}: {fault['message']}" for fault in document.get("faults") or [])
    return f"{document.get('detail')} {faults}".strip()
