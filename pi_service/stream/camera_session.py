"""One run of ffmpeg: its process, its pictures, its last words."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import subprocess
from collections import deque
from pathlib import Path

from pi_service.log_limit import LogLimit
from pi_service.redaction import redact_text
from pi_service.stream.decode_plan import DecodeMode
from pi_service.stream.ffmpeg import StreamSettings, command, reason_for_end, says_connected, says_trouble
from pi_service.stream.mjpeg import MjpegParser, Picture

log = logging.getLogger(__name__)

# Longest wait for the first picture. A decoder can only begin at a keyframe, and those may be this far apart.
FIRST_PICTURE_SECONDS = {DecodeMode.KEYFRAMES: 15.0, DecodeMode.FULL: 30.0, DecodeMode.HARDWARE: 15.0}
LATE_FACTOR = 1.5
GRACE_SECONDS = {DecodeMode.KEYFRAMES: 10.0, DecodeMode.FULL: 5.0, DecodeMode.HARDWARE: 10.0}
SILENT_AFTER_SECONDS = 2.0  # past due; after the grace the process is ended
NO_VIDEO_AFTER_SECONDS = 5.0  # from the camera's description of its stream to the first picture
END_SECONDS = 1.0  # for taking leave of the camera, which may admit only few at a time
KEPT_LINES = 40
LONGEST_LINE_BYTES = 2000
READ_BYTES = 262_144
_logged = LogLimit(lines=20)


class CameraSession:
    """ffmpeg from its start to its end. All times are seconds of the boot clock."""

    def __init__(self, settings: StreamSettings, mode: DecodeMode, now: float) -> None:
        """Start ffmpeg. Raises OSError where it cannot be started."""
        self.settings = settings
        self.mode = mode
        self.started_at = now
        self.connected_at: float | None = None
        self.first_picture_at: float | None = None
        self.last_picture_at: float | None = None
        self.previous_picture_at: float | None = None
        self.pictures = 0
        self.parser = MjpegParser()
        self.output_ended = False
        self._lines: deque[str] = deque(maxlen=KEPT_LINES)
        self._unfinished_line = b""
        self._kill_at: float | None = None
        self._process = subprocess.Popen(
            command(settings, mode),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        assert self._process.stdout is not None  # noqa: S101  # both are pipes, asked for above
        assert self._process.stderr is not None  # noqa: S101
        self.stdout = self._process.stdout
        self.stderr = self._process.stderr
        os.set_blocking(self.stdout.fileno(), False)
        os.set_blocking(self.stderr.fileno(), False)

    @property
    def pid(self) -> int:
        return self._process.pid

    def read_pictures(self, now: float) -> list[Picture]:
        """What ffmpeg has written since the last call, as whole pictures."""
        try:
            data = os.read(self.stdout.fileno(), READ_BYTES)
        except BlockingIOError:
            return []
        if not data:
            self.output_ended = True
            self.parser.finish()
            return []
        pictures = self.parser.feed(data, now)
        if pictures:
            self.first_picture_at = self.first_picture_at or now
            self.previous_picture_at, self.last_picture_at = self.last_picture_at, now
            self.pictures += len(pictures)
        return pictures

    def read_messages(self, now: float) -> bool:
        """Take in what ffmpeg says. False once it has closed its stderr."""
        return self._read_stderr(now) != b""

    def _read_stderr(self, now: float) -> bytes | None:
        """What was read, empty at the end; None where there is nothing yet."""
        try:
            data = os.read(self.stderr.fileno(), READ_BYTES)
        except BlockingIOError:
            return None
        *lines, self._unfinished_line = (self._unfinished_line + data).split(b"\n")
        self._unfinished_line = self._unfinished_line[-LONGEST_LINE_BYTES:]
        for line in lines:
            self._take_line(line[:LONGEST_LINE_BYTES].decode(errors="replace"), now)
        return data

    def _take_line(self, line: str, now: float) -> None:
        line = redact_text(line)
        if self.connected_at is None and says_connected(line):
            self.connected_at = now
        if says_trouble(line):
            self._lines.append(line)
            if _logged.admits():
                log.warning("ffmpeg: %s", line)

    def deadline(self) -> float:
        """When this session counts as hung unless a picture comes before."""
        if self.last_picture_at is None:
            return self.started_at + FIRST_PICTURE_SECONDS[self.mode]
        return self.last_picture_at + self.longest_gap_seconds()

    def longest_gap_seconds(self) -> float:
        """The longest time between two pictures that is not a fault yet."""
        return LATE_FACTOR * self.settings.delivery_seconds + GRACE_SECONDS[self.mode]

    def is_silent(self, now: float) -> bool:
        """Whether the camera is connected and its pictures are overdue."""
        if self.last_picture_at is not None:
            return now > self.last_picture_at + LATE_FACTOR * self.settings.delivery_seconds + SILENT_AFTER_SECONDS
        return self.connected_at is not None and now > self.connected_at + NO_VIDEO_AFTER_SECONDS

    def is_stopped(self) -> bool:
        """Whether somebody has stopped the process (SIGSTOP)."""
        try:
            status = Path(f"/proc/{self.pid}/stat").read_bytes()
        except OSError:
            return False
        return status.rpartition(b")")[2].split()[:1] in ([b"T"], [b"t"])

    def exit_code(self) -> int | None:
        """None while the process runs."""
        return self._process.poll()

    def reason(self, now: float) -> tuple[str, str]:
        """Why the ended process ended: the short reason, and the words it is read from."""
        while self._read_stderr(now):
            pass
        return reason_for_end(
            self._lines,
            self._process.poll() or 0,
            connected=self.connected_at is not None,
            ran_seconds=now - self.started_at,
            pictures=self.pictures,
        )

    def end(self, now: float, *, at_once: bool = False) -> None:
        """Ask the process to end, or kill it. `reap` tells when it has."""
        self._signal(signal.SIGKILL if at_once else signal.SIGTERM)
        self._kill_at = now if at_once else now + END_SECONDS
        self.stdout.close()

    def reap(self, now: float) -> bool:
        """Whether the process is gone. Kills one that was asked to end and has not in time."""
        if self._process.poll() is None:
            if self._kill_at is not None and now >= self._kill_at:
                self._signal(signal.SIGKILL)
            return False
        self.stdout.close()
        self.stderr.close()
        return True

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)
