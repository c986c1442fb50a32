"""The stream whose pictures are published: its attempts, its losses, the waits between."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime

from pi_service.backoff import Backoff
from pi_service.clock import wall_now
from pi_service.stream.camera_session import CameraSession
from pi_service.stream.decode_plan import DecodePlan
from pi_service.stream.ffmpeg import StreamSettings
from pi_service.stream.mjpeg import Picture
from pi_service.stream.publication import Publication
from pi_service.stream.session_pool import SessionPool
from pi_service.stream.state import StreamState

log = logging.getLogger(__name__)

HEALTHY_SECONDS = 60.0  # after so long without a fault, the next one is answered with the shortest wait
FROZEN_RECONNECT_SECONDS = 60.0, 600.0  # first and longest time between two reconnections to a frozen camera


class LiveStream:
    """Restarts ffmpeg until pictures come. `evidence` is called for each picture and each turn of an orderly wait."""

    def __init__(
        self,
        pool: SessionPool,
        publication: Publication,
        state: StreamState,
        evidence: Callable[[], None],
        *,
        backoff: Backoff | None = None,
        wall: Callable[[], datetime] = wall_now,
    ) -> None:
        self.settings: StreamSettings | None = None
        self.plan = DecodePlan("auto")
        self.session: CameraSession | None = None
        self.wants_full_decode = False
        self._pool = pool
        self._publication = publication
        self._state = state
        self._evidence = evidence
        self._wall = wall
        self._backoff = backoff or Backoff()
        self._frozen_backoff = Backoff(*FROZEN_RECONNECT_SECONDS)
        self._next_attempt_at = 0.0
        self._frozen_reconnect_at: float | None = None
        self._starts = 0
        self._lost = False
        self._condition = ""
        self._stopped_since: float | None = None
        self._is_paused = False

    def follow(self, settings: StreamSettings, plan: DecodePlan, session: CameraSession | None, now: float) -> None:
        """Go by these settings. `session` takes over if it runs already, else a new one begins at the next turn."""
        before, self.session = self.session, session
        if before is not None:
            self._pool.end(before)
        self.settings, self.plan, self.wants_full_decode = settings, plan, False
        self._starts += session is not None
        self._begin_anew(now)

    def restart(self, now: float) -> None:
        """End ffmpeg and start it anew at the next turn, without a wait."""
        if self.session is not None:
            self._pool.end(self.session)
            self.session = None
            self._lost = True
        self._begin_anew(now)

    def pause(self) -> None:
        """End ffmpeg, and start none before `restart` or `follow`: a candidate needs the camera for itself."""
        if self.session is not None:
            self._pool.end(self.session)
            self.session = None
        self._is_paused, self._condition = True, "connecting"
        self._evidence()

    def _begin_anew(self, now: float) -> None:
        self._is_paused = False
        self._backoff.reset()
        self._frozen_backoff.reset()
        self._frozen_reconnect_at = None
        self._next_attempt_at = now
        self._condition = ""

    def take(self, pictures: list[Picture], previous_at: float | None, now: float) -> None:
        """Pictures of the live session have come; the one before them at `previous_at`."""
        if self._lost:
            self._lost = False
            self._state.reconnects += 1
        self._condition = ""
        if previous_at is not None and self.settings is not None:
            gap_seconds = pictures[0].received_at - previous_at
            self.wants_full_decode |= self.plan.gap(gap_seconds, self.settings.delivery_seconds)
        for picture in pictures:
            self._publication.take(picture)
        if not self._publication.is_frozen:
            self._frozen_backoff.reset()
            self._frozen_reconnect_at = None
        self._evidence()

    def tick(self, now: float) -> None:
        """Look after the session, or begin one when it is time.

        A loss that is noticed is evidence as well, and at once: the watchdog's time is shorter from here on, and would
        be over already.
        """
        if self.session is not None:
            if not self._is_lost(self.session, now):
                self._look_after(self.session, now)
            if self.session is None:
                self._evidence()
            return
        if self.settings is not None and not self._is_paused and now >= self._next_attempt_at:
            self._start(self.settings, now)
        self._evidence()

    def status(self, now: float) -> str:
        """The `status` of `stream.json`. `silent` and `frozen` go on over the reconnections they cause."""
        if self.session is None:
            return self._condition or "disconnected"
        if not self.session.pictures:
            return self._condition or ("silent" if self.session.is_silent(now) else "connecting")
        if self.session.is_silent(now):
            return "silent"
        return "frozen" if self._publication.is_frozen else "streaming"

    def is_delivering(self, now: float) -> bool:
        """Whether pictures come, be they ever the same."""
        return self.status(now) in ("streaming", "frozen") and self.session is not None and self.session.pictures > 0

    def _start(self, settings: StreamSettings, now: float) -> None:
        self._state.restarts += self._starts > 0
        self._starts += 1
        self._stopped_since = None
        try:
            self.session = self._pool.start(settings, self.plan.mode)
        except (OSError, ValueError) as error:  # ValueError: an address no command line can hold
            self._fail("ffmpeg missing", f"ffmpeg cannot be started: {error}", now)

    def _is_lost(self, session: CameraSession, now: float) -> bool:
        """Whether the session is of no use any more; it is then ended."""
        if session.exit_code() is not None:
            reason, detail = session.reason(now)
            silent = reason == "no video" and session.is_silent(now)
            self._lose(reason, detail, now, condition="silent" if silent else "")
        elif self._stopped(session, now):
            self._lose("ffmpeg died", "ffmpeg was stopped by a signal", now, at_once=True)
        elif now >= session.deadline():
            self._give_up(session, now)
        else:
            return False
        return True

    def _give_up(self, session: CameraSession, now: float) -> None:
        if session.pictures:
            detail = f"no picture for {now - (session.last_picture_at or now):.0f} s although connected"
            self._lose("no video", detail, now, condition="silent", at_once=True)
            return
        reason, detail = session.reason(now)
        if session.connected_at is not None:
            self.plan.no_first_picture()
        self._lose(reason, detail, now, condition="silent" if session.connected_at is not None else "", at_once=True)

    def _stopped(self, session: CameraSession, now: float) -> bool:
        """Whether the process was found stopped at two turns at least half a second apart."""
        if not session.is_stopped():
            self._stopped_since = None
            return False
        if self._stopped_since is None:
            self._stopped_since = now
        return now - self._stopped_since >= 0.5

    def _look_after(self, session: CameraSession, now: float) -> None:
        if self._publication.is_frozen and session.pictures:
            self._look_after_frozen(now)
        elif session.first_picture_at is not None and now - session.first_picture_at >= HEALTHY_SECONDS:
            self._backoff.reset()

    def _look_after_frozen(self, now: float) -> None:
        """Some cameras recover with a new connection: try one, at ever longer intervals."""
        if self._frozen_reconnect_at is None:
            self._state.add_error("frozen", self._publication.frozen_sentence, self._wall())
            log.warning("the camera is frozen: %s", self._publication.frozen_sentence)
            self._frozen_reconnect_at = now + self._frozen_backoff.next_seconds()
        elif now >= self._frozen_reconnect_at:
            self._frozen_reconnect_at = now + self._frozen_backoff.next_seconds()
            self._lose("frozen", self._publication.frozen_sentence, now, condition="frozen")

    def _lose(self, reason: str, detail: str, now: float, *, condition: str = "", at_once: bool = False) -> None:
        if self.session is not None:
            self._pool.end(self.session, at_once=at_once)
        self.session = None
        self._lost = True
        self._condition = condition
        self._fail(reason, detail, now)

    def _fail(self, reason: str, detail: str, now: float) -> None:
        wait_seconds = self._backoff.next_seconds()
        self._next_attempt_at = now + wait_seconds
        earlier = self._state.last_error
        shown = self._state.add_error(reason, detail, self._wall())
        known = earlier is not None and earlier["detail"] == shown
        level = logging.DEBUG if known and self._backoff.steps > 1 else logging.WARNING
        log.log(level, "%s (%s); next attempt in %.1f s", reason, shown, wait_seconds)
