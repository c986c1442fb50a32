"""What `stream.json` says, checked, and put into words for people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pi_service.atomic_files import read_json
from pi_service.paths import Paths
from pi_service.redaction import redact_text

QUIET_AFTER_SECONDS = 30.0  # the supervisor writes its state at least every few seconds
STATUSES = ("connecting", "streaming", "frozen", "silent", "disconnected")
NOT_REPORTING = "not reporting"

REASONS = {
    "refused": "the camera refuses the connection",
    "unauthorized": "the camera does not accept the user name or password",
    "not found": "the camera does not know the path of the stream",
    "unreachable": "the camera cannot be reached",
    "timeout": "the camera does not answer in time",
    "no video": "the camera sends no video",
    "decode errors": "the video of the camera cannot be decoded",
    "frozen": "the camera sends the same picture again and again",
    "ffmpeg died": "ffmpeg ended unexpectedly",
    "ffmpeg missing": "ffmpeg is not installed",
    "storage": "a picture could not be stored",
}
_STATUSES_IN_WORDS = {
    "connecting": "the stream is being set up",
    "streaming": "the stream runs, the next picture is due",
    "frozen": "the camera sends the same picture again and again",
    "silent": "the camera is connected but sends no pictures",
    "disconnected": "the camera is not connected",
}


@dataclass(frozen=True)
class StreamReport:
    """The stream unit's word on itself. `document` is all of `stream.json`; `quiet`: too old to trust."""

    document: dict[str, Any]
    quiet: bool

    @property
    def status(self) -> str:
        """One of STATUSES, or `not reporting` where the supervisor has gone quiet."""
        return NOT_REPORTING if self.quiet else str(self.document["status"])

    @property
    def last_reason(self) -> str | None:
        """The last error's short reason."""
        error = self.document.get("last_error")
        return str(error["reason"]) if isinstance(error, dict) and error.get("reason") else None

    def sentence(self) -> str:
        """Why there may be no fresh picture, for a person: `the camera refuses the connection (since ...)`."""
        if self.quiet:
            return "the stream service has not reported for a while"
        words = _STATUSES_IN_WORDS[self.status]
        if self.status in ("connecting", "disconnected") or self.last_reason == "storage":
            words = REASONS.get(self.last_reason or "", words)
        return f"{words} (since {self.document.get('since')})"

    def public(self) -> dict[str, Any]:
        """The part clients see: `status, since, restarts, last_error`."""
        error = self.document.get("last_error")
        return {
            "status": self.status,
            "since": self.document.get("since"),
            "restarts": self.document.get("restarts"),
            "last_error": _without_credentials(error) if isinstance(error, dict) else None,
        }


ABSENT = {"status": NOT_REPORTING, "since": None, "restarts": None, "last_error": None}


def read_stream_report(paths: Paths, boottime_now: float) -> StreamReport | None:
    """The present report, or None where there is none. Raises ValueError or OSError where the file is damaged."""
    document = read_json(paths.stream_state)
    if document is None:
        return None
    updated = document.get("updated_boottime")
    if document.get("status") not in STATUSES or not isinstance(updated, int | float):
        raise ValueError(f"{paths.stream_state} is not the state of a stream: status or updated_boottime is wrong")
    # A time after now was written before the last boot.
    quiet = not 0 <= boottime_now - updated <= QUIET_AFTER_SECONDS
    return StreamReport(document, quiet)


def _without_credentials(error: dict[str, Any]) -> dict[str, Any]:
    return {name: redact_text(value) if isinstance(value, str) else value for name, value in error.items()}
