"""A Pi as the control plane meets it: it checks in, follows what is wanted, refuses what does not work."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from flask.testing import FlaskClient

from control_ui.models.scope import ALL_TENANTS, SessionFactory, open_session
from control_ui.services.devices import checkins, handout, tokens

Document = dict[str, Any]


class Line(Protocol):
    """A way to the control plane."""

    def check_in(self, token: str, report: Document, now: datetime) -> Document: ...

    def fetch(self, token: str, url: str, now: datetime) -> Document: ...


@dataclass
class Direct:
    """Straight to the services, at any time of our choice."""

    sessions: SessionFactory

    def check_in(self, token: str, report: Document, now: datetime) -> Document:
        with open_session(self.sessions, ALL_TENANTS) as session:
            answer = checkins.check_in(session, tokens.owner(session, token), report, now)
            return {"desired_version": answer.desired_version, "config_url": answer.config_url}

    def fetch(self, token: str, url: str, now: datetime) -> Document:
        with open_session(self.sessions, ALL_TENANTS) as session:
            return handout.document(session, handout.wanted(tokens.owner(session, token), now))


@dataclass
class Http:
    """As a real one does, over the API; the time is the server's."""

    client: FlaskClient

    def check_in(self, token: str, report: Document, now: datetime) -> Document:
        answer = self.client.post("/api/agent/checkin", json=report, headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 200, answer.text
        return dict(answer.get_json())

    def fetch(self, token: str, url: str, now: datetime) -> Document:
        answer = self.client.get(f"/{url}", headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 200, answer.text
        return dict(answer.get_json())


def fine(_document: Document) -> str:
    return ""


@dataclass
class Pi:
    """`refuses` gives why a configuration does not work; empty: it does."""

    name: str
    token: str
    line: Line
    version: int | None = None
    refuses: Callable[[Document], str] = fine
    stream: str = "streaming"
    picture_age_seconds: float = 1.0
    applied: list[int] = field(default_factory=list)
    """Every number that has come into force here, in its order."""
    documents: list[Document] = field(default_factory=list)
    pull: Document | None = None
    last_apply: Document | None = None
    sequence: int = 0

    def check_in(self, now: datetime) -> None:
        """Report, follow what is wanted, and where that made news, report again."""
        answer = self.line.check_in(self.token, self.report(now), now)
        if self._follow(answer, now):
            self.line.check_in(self.token, self.report(now), now)

    def report(self, now: datetime) -> Document:
        self.sequence += 1
        snapshot = {
            "sequence": self.sequence,
            "captured_at": now.isoformat(),
            "age_seconds": self.picture_age_seconds,
            "size_bytes": 9,
            "config_version": self.version,
        }
        return {
            "device_id": self.name,
            "config_version": self.version,
            "status": {
                "release": "1.0",
                "snapshot": snapshot if self.version is not None else None,
                "pull": self.pull,
                "last_apply": self.last_apply,
            },
            "stream": {"status": self.stream, "quiet": False},
            "metrics": {"cpu_usage_percent": 20.0},
        }

    def apply(self, document: Document, now: datetime) -> str:
        """As `carwash config apply` does: gives why not, empty where it is in force."""
        number = document["version"]
        if self.version is not None and number < self.version:
            reason = f"refused: version {number} is older than version {self.version}, which is in force"
        elif number == self.version:
            return ""
        else:
            why = self.refuses(document)
            reason = f"rolled back: {why}" if why else ""
        if not reason:
            self.version = number
            self.applied.append(number)
            self.documents.append(document)
        result = reason.partition(":")[0] or "applied"
        self.last_apply = {"at": now.isoformat(), "result": result, "new_version": number, "reason": reason}
        return reason

    def _follow(self, answer: Document, now: datetime) -> bool:
        wanted = answer["desired_version"]
        if wanted is None or wanted == self.version:
            self.pull = None
            return False
        if self.version is not None and wanted < self.version:
            self.pull = {"desired_version": wanted, "reason": "not going back by itself"}
            return False
        reason = self.apply(self.line.fetch(self.token, answer["config_url"], now), now)
        self.pull = {"desired_version": wanted, "reason": reason} if reason else None
        return True
