"""A clock that is moved by hand, and an ffmpeg that does what a test says."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from typing import IO

from pi_service.stream.camera_session import CameraSession
from pi_service.stream.decode_plan import DecodeMode
from pi_service.stream.ffmpeg import StreamSettings
from pi_service.stream.mjpeg import MjpegParser, Picture

STARTED = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


class Clock:
    """Both clocks, `seconds` after the boot."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def boottime(self) -> float:
        return self.seconds

    def wall(self) -> datetime:
        return STARTED + timedelta(seconds=self.seconds)

    def advance(self, seconds: float) -> None:
        self.seconds += seconds


class FakeSession(CameraSession):
    """Looks like a session; its ffmpeg is the test. Everything about deadlines is the real code."""

    def __init__(self, settings: StreamSettings, mode: DecodeMode, now: float) -> None:
        self.settings, self.mode, self.started_at = settings, mode, now
        self.connected_at = self.first_picture_at = None
        self.last_picture_at = self.previous_picture_at = None
        self.pictures = 0
        self.parser = MjpegParser()
        self.output_ended = self.stopped = self.killed = self.ended = False
        self.end_reason: tuple[str, str] | None = None
        self.stdout, self.stderr = _silent_pipe(), _silent_pipe()

    @property
    def pid(self) -> int:
        return 4242

    def deliver(self, image: bytes, now: float) -> list[Picture]:
        """One picture has come."""
        self.first_picture_at = self.first_picture_at or now
        self.previous_picture_at, self.last_picture_at = self.last_picture_at, now
        self.pictures += 1
        return [Picture(image, 64, 48, now)]

    def fail(self, reason: str, detail: str = "") -> None:
        """ffmpeg has ended, and this is why."""
        self.end_reason = reason, detail

    def exit_code(self) -> int | None:
        return None if self.end_reason is None else 1

    def reason(self, now: float) -> tuple[str, str]:
        return self.end_reason or ("timeout", f"no picture in {now - self.started_at:.0f} s")

    def is_stopped(self) -> bool:
        return self.stopped

    def end(self, _now: float, *, at_once: bool = False) -> None:
        self.ended, self.killed = True, at_once
        self.stdout.close()
        self.stderr.close()

    def reap(self, _now: float) -> bool:
        return True


def _silent_pipe() -> IO[bytes]:
    """Something a selector can watch. It is at its end, but the tests never ask the selector."""
    reading, writing = os.pipe()
    os.close(writing)
    return os.fdopen(reading, "rb")


class Cameras:
    """Starts fake sessions, and remembers them."""

    def __init__(self) -> None:
        self.sessions: list[FakeSession] = []
        self.missing = False

    def __call__(self, settings: StreamSettings, mode: DecodeMode, now: float) -> FakeSession:
        if self.missing:
            raise FileNotFoundError(2, "No such file or directory", "setpriv")
        self.sessions.append(FakeSession(settings, mode, now))
        return self.sessions[-1]

    @property
    def latest(self) -> FakeSession:
        return self.sessions[-1]
