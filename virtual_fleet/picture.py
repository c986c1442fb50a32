"""What a camera sees: a still scene with texture, and along the bottom the time as blocks."""

from __future__ import annotations

import random
import zlib
from dataclasses import dataclass

from virtual_fleet import timecode


@dataclass(frozen=True)
class Scene:
    """The still part of a camera's picture.

    `detail` is the amplitude (0 to 100 levels) of the static noise: it decides how large a JPEG becomes.
    `name` gives each site its own tint and its own noise.
    """

    name: str
    width: int
    height: int
    detail: int = 12

    def frame(self, background: bytes, unix_seconds: float) -> bytes:
        """One picture, raw I420 (`width * height * 3 / 2` bytes), taken at `unix_seconds`."""
        strip = timecode.strip_height(self.height)
        luma_bytes = self.width * self.height
        kept = self.width * (self.height - strip)
        line = timecode.strip_line(unix_seconds, self.width)
        return b"".join((background[:kept], line * strip, background[luma_bytes:]))

    def background(self) -> bytes:
        """The scene without the time, raw I420."""
        return self._luma() + self._chroma()

    def _luma(self) -> bytes:
        """A vertical gradient, brightest at the bottom, under static noise."""
        noise = random.Random(self.name)  # noqa: S311  # the same noise for the same site, nothing to guard
        rows = []
        for row in range(self.height):
            level = 50 + 90 * row // self.height
            table = bytes(max(16, min(235, level + self.detail * (value - 128) // 128)) for value in range(256))
            rows.append(noise.randbytes(self.width).translate(table))
        return b"".join(rows)

    def _chroma(self) -> bytes:
        """A tint by the site's name, neutral under the strip so that its blocks stay black and white."""
        tint = zlib.crc32(self.name.encode())
        width, height = self.width // 2, self.height // 2
        strip = timecode.strip_height(self.height) // 2
        planes = []
        for level in (104 + tint % 48, 104 + tint // 48 % 48):
            planes.append(bytes([level]) * (width * (height - strip)) + bytes([128]) * (width * strip))
        return b"".join(planes)
