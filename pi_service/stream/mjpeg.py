"""Cuts ffmpeg's output into whole JPEG pictures, by the markers of the format (ITU-T T.81, annex B)."""

from __future__ import annotations

import re
from dataclasses import dataclass

LARGEST_PICTURE_BYTES = 32 * 1024 * 1024

_START = b"\xff\xd8"
_SOI, _EOI, _SOS, _TEM = 0xD8, 0xD9, 0xDA, 0x01
_RESTARTS = range(0xD0, 0xD8)
_FRAME_HEADERS = (0xC0, 0xC1, 0xC2)  # baseline, extended, progressive: those with Huffman coding that viewers read
_AFTER_SCAN = re.compile(rb"\xff[^\x00\xd0-\xd7]")  # in a scan, 0xff is followed by 0 (a data byte) or a restart


@dataclass(frozen=True)
class Picture:
    """One whole JPEG, width and height in pixels. `received_at` is when its first byte came, on the feeder's clock."""

    image: bytes
    width: int
    height: int
    received_at: float


class _CorruptError(Exception):
    """The bytes at hand cannot be a JPEG."""


class _TornError(Exception):
    """Another picture begins before this one has ended."""


class MjpegParser:
    """Takes bytes as they come and gives whole pictures. `torn` and `corrupt` count those that were dropped."""

    def __init__(self, largest_bytes: int = LARGEST_PICTURE_BYTES) -> None:
        self.torn = 0
        self.corrupt = 0
        self._largest_bytes = largest_bytes
        self._buffer = bytearray()
        self._began_at = 0.0
        self._in_junk = False
        self._rewind()

    def feed(self, data: bytes, now: float) -> list[Picture]:
        """The pictures that are whole with `data`. `now` is when it came, in seconds on any clock."""
        if not self._buffer:
            self._began_at = now
        self._buffer += data
        pictures = []
        while self._find_start():
            try:
                if not self._walk():
                    break
                pictures.append(self._take(now))
            except _CorruptError:
                self.corrupt += 1
                self._resynchronise(len(_START), now)
            except _TornError:
                self.torn += 1
                self._resynchronise(self._position, now)
        self._bound(now)
        return pictures

    def finish(self) -> None:
        """The stream has ended: what is left of a picture is torn."""
        if self._buffer.startswith(_START):
            self.torn += 1
        self._buffer.clear()
        self._rewind()

    def _rewind(self) -> None:
        self._position = len(_START)
        self._in_scan = False
        self._size: tuple[int, int] | None = None
        self._scans = 0

    def _find_start(self) -> bool:
        """Bring the next start of a picture to the front of the buffer. Junk before it counts once as corrupt."""
        if self._buffer.startswith(_START):
            self._in_junk = False
            return True
        start = self._buffer.find(_START)
        kept = start if start >= 0 else len(self._buffer) - self._buffer.endswith(b"\xff")
        if kept and not self._in_junk:
            self.corrupt += 1
            self._in_junk = True
        del self._buffer[:kept]
        if start >= 0:
            self._in_junk = False
        return start >= 0

    def _walk(self) -> bool:
        """Go on from marker to marker. True at the end of the picture, False where bytes are missing."""
        while True:
            if self._in_scan and not self._skip_scan():
                return False
            if len(self._buffer) < self._position + 2:
                return False
            if self._buffer[self._position] != 0xFF:
                raise _CorruptError
            marker = self._buffer[self._position + 1]
            if marker == _EOI:
                self._position += 2
                return True
            if not self._skip_segment(marker):
                return False

    def _skip_scan(self) -> bool:
        match = _AFTER_SCAN.search(self._buffer, self._position)
        if match is None:
            self._position = max(self._position, len(self._buffer) - 1)
            return False
        self._position = match.start()
        self._in_scan = False
        return True

    def _skip_segment(self, marker: int) -> bool:
        """Step over one marker and what belongs to it. False where bytes are missing."""
        if marker == _SOI:
            raise _TornError
        if marker == 0xFF:  # a fill byte
            self._position += 1
            return True
        if marker in _RESTARTS or marker == _TEM:
            self._position += 2
            return True
        if marker == 0x00:
            raise _CorruptError
        if len(self._buffer) < self._position + 4:
            return False
        end = self._position + 2 + int.from_bytes(self._buffer[self._position + 2 : self._position + 4], "big")
        if end < self._position + 4:
            raise _CorruptError
        if len(self._buffer) < end:
            return False
        self._read_segment(marker, self._buffer[self._position + 4 : end])
        self._position = end
        return True

    def _read_segment(self, marker: int, content: bytearray) -> None:
        if marker in _FRAME_HEADERS:
            if len(content) < 6:
                raise _CorruptError
            self._size = int.from_bytes(content[3:5], "big"), int.from_bytes(content[1:3], "big")
        elif marker == _SOS:
            self._scans += 1
            self._in_scan = True

    def _take(self, now: float) -> Picture:
        if self._size is None or 0 in self._size or not self._scans:
            raise _CorruptError
        width, height = self._size
        picture = Picture(bytes(self._buffer[: self._position]), width, height, self._began_at)
        self._resynchronise(self._position, now)
        return picture

    def _resynchronise(self, skipped_bytes: int, now: float) -> None:
        del self._buffer[:skipped_bytes]
        self._began_at = now
        self._in_junk = bool(self._buffer) and not self._buffer.startswith(_START[: len(self._buffer)])
        self._rewind()

    def _bound(self, now: float) -> None:
        if len(self._buffer) > self._largest_bytes:
            self.corrupt += 1
            self._resynchronise(len(self._buffer), now)
