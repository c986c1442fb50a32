"""A stream that is tried beside the live one: for a new configuration, or for another way of decoding."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from pi_service.config import Config
from pi_service.redaction import redact_text
from pi_service.stream.camera_session import CameraSession
from pi_service.stream.decode_plan import DecodeMode, DecodePlan
from pi_service.stream.ffmpeg import StreamSettings
from pi_service.stream.mjpeg import Picture
from pi_service.stream.session_pool import SessionPool

CONNECTION_REASONS = frozenset({"refused", "unreachable", "timeout", "no video", "storage", "ffmpeg missing"})
ONE_SESSION_REASONS = frozenset({"refused", "timeout", "no video"})  # what a camera says that admits no second session
SHORTEST_ALONE_SECONDS = 5.0


@dataclass(frozen=True)
class Verdict:
    """What came of a trial. `tried` is False where nothing could be learned, `reason` and `detail` say why."""

    ok: bool
    tried: bool
    reason: str = ""
    detail: str = ""

    def document(self) -> dict[str, Any]:
        """The answer on the socket."""
        answer: dict[str, Any] = {"ok": self.ok, "tried": self.tried}
        if self.reason:
            answer |= {"reason": self.reason, "detail": redact_text(self.detail)}
        return answer


OnVerdict = Callable[[Verdict], None]


class Candidate:
    """A configuration on trial. Where ffmpeg has to be tried, `session` runs beside the live one."""

    def __init__(
        self, config: Config, document: dict[str, Any], plan: DecodePlan, deadline: float, on_verdict: OnVerdict
    ) -> None:
        """`deadline` is on the boot clock. `on_verdict` is called once, unless the candidate is abandoned before."""
        self.config = config
        self.document = document
        self.settings = StreamSettings.of(config)
        self.plan = plan
        self.session: CameraSession | None = None
        self.latest: Picture | None = None
        self.verdict: Verdict | None = None
        self.is_alone = False
        self._deadline = deadline
        self._on_verdict = on_verdict

    def start(self, pool: SessionPool) -> None:
        """Begin the trial."""
        try:
            self.session = pool.start(self.settings, self.plan.mode)
        except (OSError, ValueError) as error:  # ValueError: an address no command line can hold
            self.decide(Verdict(ok=False, tried=True, reason="ffmpeg missing", detail=str(error)))

    def take(self, pictures: list[Picture]) -> None:
        """Pictures have come: the trial is passed. The newest is kept for the moment of the switch."""
        self.latest = pictures[-1]
        if self.verdict is None:
            self.decide(Verdict(ok=True, tried=True))

    def failure(self, pool: SessionPool, now: float) -> Verdict | None:
        """None while the trial may still succeed, else why it did not. Where one way of decoding hangs, try another."""
        session = self.session
        if session is None or self.verdict is not None:
            return None
        if session.exit_code() is not None or now >= self._deadline:
            return Verdict(False, True, *session.reason(now))
        if now >= session.deadline():
            mode_before, reason = self.plan.mode, session.reason(now)
            self.plan.no_first_picture()
            if self.plan.mode in (mode_before, DecodeMode.HARDWARE):
                return Verdict(False, True, *reason)
            pool.end(session, at_once=True)
            self.start(pool)
        return None

    def may_run_alone(self, verdict: Verdict, live: StreamSettings, now: float) -> bool:
        """Whether the live stream, which runs, may be why this one failed: the camera may admit only one session."""
        same_camera = (self.settings.rtsp_url, self.settings.rtsp_transport) == (live.rtsp_url, live.rtsp_transport)
        in_time = self._deadline - now >= SHORTEST_ALONE_SECONDS
        return same_camera and in_time and not self.is_alone and verdict.reason in ONE_SESSION_REASONS

    def decide(self, verdict: Verdict) -> None:
        """The trial is over."""
        self.verdict = verdict
        self._on_verdict(verdict)


def says_nothing_new(verdict: Verdict, candidate: StreamSettings, live: StreamSettings) -> bool:
    """Whether a failed trial says nothing about the new settings, given that the live stream brings nothing either.

    So it is where the camera is the same and cannot be reached by either; but a password that has changed and is not
    accepted, or a path that is not found, does say something.
    """
    if candidate.rtsp_transport != live.rtsp_transport:
        return False
    if candidate.rtsp_url == live.rtsp_url:
        return True
    return verdict.reason in CONNECTION_REASONS and _without_credentials(candidate) == _without_credentials(live)


def _without_credentials(settings: StreamSettings) -> tuple[str, str, str, str]:
    parts = urlsplit(settings.rtsp_url)
    return parts.scheme, parts.netloc.rpartition("@")[2], parts.path, parts.query
