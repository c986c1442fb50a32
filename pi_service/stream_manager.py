"""Keeps pictures coming: the live stream, a candidate that may take its place, and the change from one to the other.

Nothing here waits: the service calls `tick` about once a second and after every event. Times are seconds of the boot
clock.
"""

from __future__ import annotations

import logging
import selectors
from collections.abc import Callable
from datetime import datetime
from typing import Any

from pi_service.clock import boottime_seconds, wall_now
from pi_service.config import Config
from pi_service.redaction import redact_text
from pi_service.stream.camera_session import FIRST_PICTURE_SECONDS, CameraSession
from pi_service.stream.candidate import Candidate, OnVerdict, Verdict, says_nothing_new
from pi_service.stream.decode_plan import DecodePlan
from pi_service.stream.ffmpeg import StreamSettings
from pi_service.stream.live_stream import LiveStream
from pi_service.stream.mjpeg import Picture
from pi_service.stream.publication import Publication
from pi_service.stream.session_pool import SessionPool, StartSession
from pi_service.stream.state import StreamState

log = logging.getLogger(__name__)

SHORTEST_WATCHDOG_SECONDS = 30.0
WATCHDOG_MARGIN_SECONDS = 15.0
DECODE_TRIAL_SECONDS = 60.0
DECODE_TRIAL_PAUSE_SECONDS = 600.0


class StreamManager:
    """The live stream, its candidate, and the configuration in force."""

    def __init__(
        self,
        publication: Publication,
        state: StreamState,
        selector: selectors.BaseSelector,
        *,
        evidence: Callable[[], None],
        boottime: Callable[[], float] = boottime_seconds,
        wall: Callable[[], datetime] = wall_now,
        start_session: StartSession = CameraSession,
    ) -> None:
        """`evidence` is called whenever something shows that all is in order: a picture, a turn of an orderly wait."""
        self.config: Config | None = None
        self.document: dict[str, Any] | None = None
        self.state = state
        self._publication = publication
        self._boottime = boottime
        self._wall = wall
        self._pool = SessionPool(selector, state, self._on_pictures, boottime, start_session)
        self.live = LiveStream(self._pool, publication, state, evidence, wall=wall)
        self._candidate: Candidate | None = None
        self._next_decode_trial_at = 0.0

    def adopt(self, config: Config, document: dict[str, Any]) -> None:
        """Go by this configuration from now on, without a trial."""
        self._switch(Candidate(config, document, self._plan_for(config), 0.0, lambda _: None))

    def try_out(self, config: Config, document: dict[str, Any], timeout_seconds: float, on_verdict: OnVerdict) -> None:
        """Start the stream of a new configuration beside the live one. `commit` or `abandon` must follow a verdict.

        Whoever is trying another one is told that nothing came of it.
        """
        before = self._candidate
        self.abandon()
        if before is not None and before.verdict is None:
            before.decide(Verdict(ok=False, tried=False, reason="superseded", detail="another trial has begun"))
        self._next_decode_trial_at = 0.0  # what was to be learned about decoding may have been cut short
        deadline = self._boottime() + timeout_seconds
        self._candidate = Candidate(config, document, self._plan_for(config), deadline, on_verdict)
        if self.live.settings == self._candidate.settings:
            detail = "nothing in it concerns the stream, which goes on"
            self._candidate.decide(Verdict(ok=True, tried=False, reason="not needed", detail=detail))
        else:
            self._candidate.start(self._pool)

    def commit(self) -> bool:
        """Let the candidate take over. False where there is none that may."""
        candidate, self._candidate = self._candidate, None
        if candidate is None or candidate.verdict is None or not candidate.verdict.ok:
            self._candidate = candidate
            return False
        self._switch(candidate)
        return True

    def abandon(self) -> None:
        """End the candidate, if there is one; the live stream goes on."""
        candidate, self._candidate = self._candidate, None
        if candidate is None:
            return
        if candidate.session is not None:
            self._pool.end(candidate.session)
        if candidate.is_alone:
            self.live.restart(self._boottime())

    def restart(self, why: str) -> None:
        """End ffmpeg and start it anew at once."""
        log.warning("ffmpeg is restarted: %s", why)
        self.live.restart(self._boottime())
        self.tick()

    def throttle(self, interval_seconds: float | None) -> None:
        """Publish at a longer interval for a while; None goes back to the configured one."""
        self._publication.throttle(interval_seconds)

    def tick(self) -> None:
        """Everything that is due."""
        now = self._boottime()
        self._pool.reap()
        self.live.tick(now)
        self._look_after_candidate(now)
        self._look_after_decoding(now)
        self.refresh_state()

    def refresh_state(self) -> None:
        """Bring `state` up to date."""
        now, session = self._boottime(), self.live.session
        self.state.ffmpeg_pid = session.pid if session is not None else None
        self.state.decode = self.live.plan.mode.value if self.live.settings is not None else None
        self.state.set_status(self.live.status(now), self._wall())

    def watchdog_seconds(self) -> float:
        """How long we may go without evidence before something must be wrong with us."""
        session = self.live.session
        if session is None:
            return SHORTEST_WATCHDOG_SECONDS
        longest = max(session.longest_gap_seconds(), FIRST_PICTURE_SECONDS[session.mode])
        return max(SHORTEST_WATCHDOG_SECONDS, longest + WATCHDOG_MARGIN_SECONDS)

    def close(self) -> None:
        """End every ffmpeg and wait for it."""
        self.abandon()
        if self.live.session is not None:
            self._pool.end(self.live.session)
            self.live.session = None
        self._pool.wait()

    def _plan_for(self, config: Config) -> DecodePlan:
        """What was learned about a camera's keyframes holds as long as its address and the setting stay."""
        settings, live = StreamSettings.of(config), self.live.settings
        if live is not None and (live.rtsp_url, live.decode) == (settings.rtsp_url, settings.decode):
            return self.live.plan.copy()
        return DecodePlan(config.decode)

    def _on_pictures(self, session: CameraSession, pictures: list[Picture]) -> None:
        if session is self.live.session:
            self.live.take(pictures, session.previous_picture_at, self._boottime())
        elif self._candidate is not None and session is self._candidate.session:
            self._candidate.take(pictures)
        self.refresh_state()

    def _switch(self, candidate: Candidate) -> None:
        """From here on the candidate's configuration is in force. The picture it kept closes the gap."""
        self.config, self.document = candidate.config, candidate.document
        logging.getLogger("pi_service").setLevel(candidate.config.log_level)
        self._publication.configure(candidate.config)
        if candidate.settings != self.live.settings or candidate.session is not None:
            self.live.follow(candidate.settings, candidate.plan, candidate.session, self._boottime())
        if candidate.latest is not None:
            self.live.take([candidate.latest], None, self._boottime())
        self.tick()

    def _look_after_candidate(self, now: float) -> None:
        candidate, live = self._candidate, self.live.settings
        if candidate is None:
            return
        if candidate.is_alone and candidate.session is None and candidate.verdict is None and not self._pool.is_reaping:
            candidate.start(self._pool)
        if (verdict := candidate.failure(self._pool, now)) is None:
            return
        is_delivering = self.live.is_delivering(now)
        if live is not None and is_delivering and candidate.may_run_alone(verdict, live, now):
            self._run_alone(candidate, verdict)
            return
        self.abandon()
        away = not is_delivering and not candidate.is_alone
        if live is None or (away and says_nothing_new(verdict, candidate.settings, live)):
            verdict = Verdict(ok=True, tried=False, reason=verdict.reason, detail=verdict.detail)
            candidate.session = None
            self._candidate = candidate
        candidate.decide(verdict)

    def _run_alone(self, candidate: Candidate, verdict: Verdict) -> None:
        """Break before make: the candidate begins anew once the live ffmpeg has taken its leave of the camera."""
        log.warning("no second session at the camera (%s): the live stream pauses for the trial", verdict.reason)
        if candidate.session is not None:
            self._pool.end(candidate.session)
        candidate.session, candidate.is_alone = None, True
        self.live.pause()

    def _look_after_decoding(self, now: float) -> None:
        """Keyframes come too rarely: decode every frame, once that is shown to work."""
        if not self.live.wants_full_decode or self._candidate is not None or now < self._next_decode_trial_at:
            return
        if self.config is None or self.document is None:
            return
        self.live.wants_full_decode = False
        self._next_decode_trial_at = now + DECODE_TRIAL_PAUSE_SECONDS
        log.info("keyframes come more rarely than pictures are due: trying to decode every frame")
        plan = self.live.plan.copy()
        plan.use_full()
        deadline = now + DECODE_TRIAL_SECONDS
        self._candidate = Candidate(self.config, self.document, plan, deadline, self._on_decode_verdict)
        self._candidate.start(self._pool)

    def _on_decode_verdict(self, verdict: Verdict) -> None:
        if verdict.ok:
            self.commit()
        else:
            self.abandon()
            log.warning("decoding every frame did not work: %s (%s)", verdict.reason, redact_text(verdict.detail))
