"""Every ffmpeg there is: the one that delivers, one that is tried, and those on their way out. None is forgotten."""

from __future__ import annotations

import selectors
import time
from collections.abc import Callable

from pi_service.stream.camera_session import CameraSession
from pi_service.stream.decode_plan import DecodeMode
from pi_service.stream.ffmpeg import StreamSettings
from pi_service.stream.mjpeg import Picture
from pi_service.stream.state import StreamState

LAST_WAIT_SECONDS = 3.0
_POLL_SECONDS = 0.02  # only at the very end, when the event loop that would tell is closed
StartSession = Callable[[StreamSettings, DecodeMode, float], CameraSession]
OnPictures = Callable[[CameraSession, list[Picture]], None]


class SessionPool:
    """Starts and ends sessions, and reads them when the selector says so. A selector key's data is what to call."""

    def __init__(
        self,
        selector: selectors.BaseSelector,
        state: StreamState,
        on_pictures: OnPictures,
        boottime: Callable[[], float],
        start_session: StartSession = CameraSession,
    ) -> None:
        self._selector = selector
        self._state = state
        self._on_pictures = on_pictures
        self._boottime = boottime
        self._start_session = start_session
        self._ending: list[CameraSession] = []

    def start(self, settings: StreamSettings, mode: DecodeMode) -> CameraSession:
        """A new ffmpeg. Raises OSError where it cannot be started."""
        session = self._start_session(settings, mode, self._boottime())
        self._selector.register(session.stdout, selectors.EVENT_READ, lambda: self._read_pictures(session))
        self._selector.register(session.stderr, selectors.EVENT_READ, lambda: self._read_messages(session))
        return session

    def end(self, session: CameraSession, *, at_once: bool = False) -> None:
        """Let go of a session; its pictures count no more."""
        for stream in (session.stdout, session.stderr):
            self._forget(stream)
        session.parser.finish()
        self._count_drops(session)
        session.end(self._boottime(), at_once=at_once)
        self._ending.append(session)

    def reap(self) -> None:
        """Bury the dead, and kill who was asked to end and has not in time."""
        now = self._boottime()
        self._ending = [session for session in self._ending if not session.reap(now)]

    @property
    def is_reaping(self) -> bool:
        """Whether somebody is still on the way out."""
        return bool(self._ending)

    def wait(self) -> None:
        """Return when everybody who was ended is gone, after `LAST_WAIT_SECONDS` at the latest."""
        give_up_at = time.monotonic() + LAST_WAIT_SECONDS
        while self._ending and time.monotonic() < give_up_at:
            self.reap()
            time.sleep(_POLL_SECONDS)

    def _read_pictures(self, session: CameraSession) -> None:
        pictures = session.read_pictures(self._boottime())
        self._count_drops(session)
        if session.output_ended:
            self._forget(session.stdout)
        if pictures:
            self._on_pictures(session, pictures)

    def _read_messages(self, session: CameraSession) -> None:
        if not session.read_messages(self._boottime()):
            self._forget(session.stderr)

    def _count_drops(self, session: CameraSession) -> None:
        self._state.torn += session.parser.torn
        self._state.corrupt += session.parser.corrupt
        session.parser.torn = session.parser.corrupt = 0

    def _forget(self, stream: object) -> None:
        if stream in self._selector.get_map():
            self._selector.unregister(stream)  # type: ignore[arg-type]  # only what start() registered is in the map
