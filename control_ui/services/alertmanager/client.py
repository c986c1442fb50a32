"""Alertmanager's API (version 2), within limits of time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal, TypeVar

import requests
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from urllib3.exceptions import HTTPError

from control_ui.services.errors import UnavailableError

CONNECT_SECONDS = 1.0
READ_SECONDS = 2.0
_LONGEST_WORDS = 300
Answer = TypeVar("Answer")


class Told(BaseModel):
    """What Alertmanager says beside these is of no interest here, and may grow."""

    model_config = ConfigDict(extra="ignore", frozen=True, populate_by_name=True)


class Named(Told):
    name: str


class Status(Told):
    state: Literal["unprocessed", "active", "suppressed"]
    silenced_by: list[str] = Field(default_factory=list, alias="silencedBy")
    inhibited_by: list[str] = Field(default_factory=list, alias="inhibitedBy")


class ListedAlert(Told):
    """An alert that fires, or is kept quiet."""

    fingerprint: Annotated[str, Field(pattern=r"^[0-9a-f]{1,64}$")]
    labels: dict[str, str]
    annotations: dict[str, str]
    starts_at: AwareDatetime = Field(alias="startsAt")
    receivers: list[Named]
    status: Status


class Matcher(Told):
    """`is_equal` false means unlike."""

    name: str
    value: str
    is_regex: bool = Field(default=False, alias="isRegex")
    is_equal: bool = Field(default=True, alias="isEqual")


class SilenceStatus(Told):
    state: Literal["active", "pending", "expired"]


class ListedSilence(Told):
    id: str
    matchers: list[Matcher]
    starts_at: AwareDatetime = Field(alias="startsAt")
    ends_at: AwareDatetime = Field(alias="endsAt")
    created_by: str = Field(alias="createdBy")
    comment: str
    status: SilenceStatus


class Server(Told):
    started_at: AwareDatetime = Field(alias="uptime")
    """Its name is Alertmanager's own."""


class _Made(Told):
    silence_id: str = Field(alias="silenceID")


class Alertmanager:
    """One Alertmanager. Every question raises UnavailableError with a sentence that says what to look at."""

    def __init__(self, url: str) -> None:
        self._url = f"{url}/api/v2"
        self._http = requests.Session()
        self._http.trust_env = False  # no proxy of the environment stands between

    def close(self) -> None:
        self._http.close()

    def started_at(self) -> datetime:
        """When this process of it was started: since then it remembers."""
        return self._ask("GET", "/status", TypeAdapter(Server)).started_at

    def alerts(self) -> list[ListedAlert]:
        """All that have not ended, also those that are silenced or inhibited."""
        return self._ask("GET", "/alerts", TypeAdapter(list[ListedAlert]))

    def silences(self) -> list[ListedSilence]:
        """Those that have not ended."""
        found = self._ask("GET", "/silences", TypeAdapter(list[ListedSilence]))
        return [silence for silence in found if silence.status.state != "expired"]

    def silence(
        self, matchers: Sequence[Matcher], *, created_by: str, comment: str, starts_at: datetime, ends_at: datetime,
        silence_id: str = "",
    ) -> str:  # fmt: skip
        """Begin a silence, or change the one with this id; gives its id."""
        body: dict[str, Any] = {
            "matchers": [matcher.model_dump(by_alias=True) for matcher in matchers],
            "startsAt": starts_at.isoformat(), "endsAt": ends_at.isoformat(),
            "createdBy": created_by, "comment": comment,
        }  # fmt: skip
        if silence_id:
            body["id"] = silence_id
        return self._ask("POST", "/silences", TypeAdapter(_Made), body).silence_id

    def end_silence(self, silence_id: str) -> None:
        self._send("DELETE", f"/silence/{silence_id}", None)

    def _ask(self, method: str, path: str, form: TypeAdapter[Answer], body: dict[str, Any] | None = None) -> Answer:
        try:
            return form.validate_json(self._send(method, path, body))
        except ValidationError as error:
            first = error.errors()[0]
            raise UnavailableError(
                f"what answers at {self._url} is no Alertmanager, or one this cannot understand: {path}, {first['msg']}"
            ) from error

    def _send(self, method: str, path: str, body: dict[str, Any] | None) -> bytes:
        try:
            answer = self._http.request(
                method, self._url + path, json=body, timeout=(CONNECT_SECONDS, READ_SECONDS), allow_redirects=False
            )
            if answer.status_code != requests.codes.ok:
                words = answer.text[:_LONGEST_WORDS]
                raise UnavailableError(f"Alertmanager answers {method} {path} with {answer.status_code}: {words}")
            return answer.content
        except requests.Timeout as error:
            raise UnavailableError(f"Alertmanager at {self._url} does not answer in time") from error
        except (requests.RequestException, HTTPError, OSError) as error:
            raise UnavailableError(
                f"Alertmanager at {self._url} cannot be asked ({type(error).__name__}): does it run, and is"
                " CARWASH_ALERTMANAGER_URL right?"
            ) from error
