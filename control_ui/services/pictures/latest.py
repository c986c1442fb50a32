"""The newest picture of each site, asked of its Pi at most every two seconds however many people look.

Who comes while the Pi is being asked is given the last picture, with its true age; and only so many Pis are asked at a
time, so that silent ones cannot take all threads of the web server.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from control_ui.models import Device
from control_ui.services.errors import UnavailableError
from control_ui.services.pictures import asking
from control_ui.services.pictures.asking import Answered
from control_ui.services.pictures.keys import picture_keys
from control_ui.services.redaction import redact_text
from control_ui.services.scrape_targets import PORT, host

KEEP_SECONDS = 2.0
KEEP_FAILURE_SECONDS = 4.0
FORGET_SECONDS = 15.0
AT_A_TIME = 8
PATIENCE_SECONDS = 1.0
"""So long one waits for somebody else's answer, or for a place."""
MOST_KEPT = 64
JPEG = "image/jpeg"
_JPEG_BEGINS = b"\xff\xd8\xff"
_LONGEST_DETAIL = 300
OK, UNAUTHORIZED, UNAVAILABLE = 200, 401, 503


@dataclass(frozen=True)
class Source:
    """Whom to ask. Plain values: they outlive the session."""

    device_id: int
    address: str

    @classmethod
    def of(cls, device: Device) -> Source:
        return cls(device.id, device.address)


@dataclass(frozen=True)
class Picture:
    """`age_seconds` is as of now, by a clock that does not jump. `captured_at` is the Pi's word (RFC 3339)."""

    image: bytes = field(repr=False)
    captured_at: str
    age_seconds: float
    stale: bool


@dataclass(frozen=True)
class Trial:
    """What a controller would get: an answer, or (None) why there is none."""

    url: str
    answered: Answered | None
    verdict: str
    good: bool


@dataclass
class _Kept:
    lock: threading.Lock = field(default_factory=threading.Lock)
    picture: Picture | None = None
    failure: str = ""
    at: float = float("-inf")


class Pictures:
    """Of one process."""

    def __init__(self, port: int = PORT, clock: Callable[[], float] = time.monotonic) -> None:
        self._port = port
        self._clock = clock
        self._kept: dict[int, _Kept] = {}
        self._guard = threading.Lock()
        self._places = threading.BoundedSemaphore(AT_A_TIME)

    def latest(self, source: Source) -> Picture:
        """Raises UnavailableError with the reason."""
        kept = self._of(source.device_id)
        if not kept.lock.acquire(timeout=0 if self._is_shown(kept) else PATIENCE_SECONDS):
            if self._is_shown(kept):
                return self._now(kept)
            raise UnavailableError("its Pi is being asked at this moment: try again")
        try:
            lasts = KEEP_FAILURE_SECONDS if kept.failure else KEEP_SECONDS
            if self._clock() - kept.at >= lasts:
                self._renew(kept, source)
            return self._now(kept)
        finally:
            kept.lock.release()

    def as_a_controller(self, source: Source) -> Trial:
        """Ask as the car wash controller does: a stale picture is no picture. Never from what is kept."""
        url = self._url(source)
        try:
            answered = self._ask(url, source)
            _picture(answered)
        except UnavailableError as error:
            return Trial(url, None, error.detail, good=False)
        except _NoPictureError as error:
            return Trial(url, answered, str(error), good=False)
        return Trial(url, answered, "a fresh picture", good=True)

    def _renew(self, kept: _Kept, source: Source) -> None:
        try:
            answered = self._ask(f"{self._url(source)}?allow_stale=1", source)
            kept.picture, kept.failure = _picture(answered), ""
        except (UnavailableError, _NoPictureError) as error:
            kept.picture, kept.failure = None, str(error)
        kept.at = self._clock()

    def _ask(self, url: str, source: Source) -> Answered:
        if not source.address:
            raise UnavailableError(
                "no address is known at which its Pi can be reached from here: enter one, if there is one"
            )
        if not self._places.acquire(timeout=PATIENCE_SECONDS):
            raise UnavailableError(f"{AT_A_TIME} other sites are being asked at this moment: try again")
        try:
            return asking.ask(url, picture_keys.key_of(source.device_id))
        finally:
            self._places.release()

    def _url(self, source: Source) -> str:
        return f"http://{host(source.address)}:{self._port}/api/snapshot"

    def _of(self, device_id: int) -> _Kept:
        with self._guard:
            if len(self._kept) > MOST_KEPT:
                old = self._clock() - FORGET_SECONDS
                self._kept = {key: kept for key, kept in self._kept.items() if kept.at > old or kept.lock.locked()}
            return self._kept.setdefault(device_id, _Kept())

    def _is_shown(self, kept: _Kept) -> bool:
        return kept.picture is not None and self._clock() - kept.at < FORGET_SECONDS

    def _now(self, kept: _Kept) -> Picture:
        if kept.picture is None:
            raise UnavailableError(kept.failure)
        told = kept.picture
        return Picture(told.image, told.captured_at, told.age_seconds + self._clock() - kept.at, told.stale)


class _NoPictureError(Exception):
    """The Pi answered, but not with a picture."""


def _picture(answered: Answered) -> Picture:
    headers = answered.headers
    kind = headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if answered.status != OK:
        raise _NoPictureError(_refusal(answered, kind))
    if kind != JPEG or not answered.body.startswith(_JPEG_BEGINS):
        raise _NoPictureError(
            f"what answers there is no snapshot service: it sent {kind or 'something without a type'}, and no picture"
        )
    age = headers.get("Age", "")
    return Picture(
        answered.body,
        headers.get("X-Snapshot-Timestamp", ""),
        float(age) if age.isascii() and age.isdecimal() else 0.0,
        headers.get("X-Snapshot-Stale", "").lower() == "true",
    )


def _refusal(answered: Answered, kind: str) -> str:
    if answered.status == UNAUTHORIZED:
        return "the Pi does not accept the control plane's key: the configuration it runs does not have it"
    detail = _detail(answered.body) if kind.endswith("json") else ""
    if answered.status == UNAVAILABLE:
        return f"the Pi has no fresh picture{f': {detail}' if detail else ''}"
    return f"the Pi answered {answered.status}{f': {detail}' if detail else ''}, and no picture"


def _detail(body: bytes) -> str:
    """Of a problem document."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    detail = document.get("detail") if isinstance(document, dict) else None
    return redact_text(detail)[:_LONGEST_DETAIL] if isinstance(detail, str) else ""
