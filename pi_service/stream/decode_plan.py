"""Which decoding to use: keyframes where they come often enough, everything where they do not, hardware if it works."""

from __future__ import annotations

import copy
import logging
import shutil
import subprocess
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path

log = logging.getLogger(__name__)

LATE_FACTOR, LATE_SLACK_SECONDS = 1.5, 1.0
LATE_GAPS = 2  # one late keyframe is a lost packet, two in a row are a long GOP
RASPBERRY_PI_DECODER = Path("/dev/video10")  # bcm2835-codec-decode
_PROBE_TIMEOUT_SECONDS = 10


class DecodeMode(StrEnum):
    """What ffmpeg decodes, and by what."""

    KEYFRAMES = "keyframes"
    FULL = "full"
    HARDWARE = "hardware"


def hardware_decoder_available(device: Path = RASPBERRY_PI_DECODER) -> bool:
    """Whether this machine has the Pi's H.264 decoder and an ffmpeg that can drive it."""
    if not device.exists() or shutil.which("ffmpeg") is None:
        return False
    command = ["ffmpeg", "-hide_banner", "-loglevel", "error", "-decoders"]
    try:
        result = subprocess.run(command, capture_output=True, timeout=_PROBE_TIMEOUT_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return False
    return b"h264_v4l2m2m" in result.stdout


class DecodePlan:
    """The mode for the next ffmpeg, from the setting and from what earlier ones delivered.

    Lives as long as the camera's address and the setting stay the same; what it has learned goes with it.
    """

    def __init__(self, setting: str, hardware_available: Callable[[], bool] = hardware_decoder_available) -> None:
        self._adaptive = setting in ("auto", "hardware")
        self._late_gaps = 0
        self.mode = DecodeMode.KEYFRAMES if setting in ("auto", "hardware") else DecodeMode(setting)
        if setting == "hardware" and hardware_available():
            self.mode = DecodeMode.HARDWARE
        elif setting == "hardware":
            log.warning("no hardware decoder here, decoding in software")

    def copy(self) -> DecodePlan:
        """The same knowledge, for a stream of its own."""
        twin = copy.copy(self)
        twin._late_gaps = 0
        return twin

    def gap(self, gap_seconds: float, interval_seconds: float) -> bool:
        """Take note of the time between two pictures. True where full decoding would bring them on time."""
        late = gap_seconds > LATE_FACTOR * interval_seconds + LATE_SLACK_SECONDS
        self._late_gaps = self._late_gaps + 1 if late else 0
        return self._adaptive and self.mode is DecodeMode.KEYFRAMES and self._late_gaps >= LATE_GAPS

    def use_full(self) -> None:
        """Decode everything from now on: keyframes come too rarely."""
        self.mode = DecodeMode.FULL
        self._late_gaps = 0

    def no_first_picture(self) -> None:
        """An attempt was connected and brought nothing: try another way next time."""
        if self.mode is DecodeMode.HARDWARE:
            self.mode = DecodeMode.KEYFRAMES
            log.warning("the hardware decoder brought no picture, decoding in software")
        elif self._adaptive:
            self.mode = DecodeMode.FULL if self.mode is DecodeMode.KEYFRAMES else DecodeMode.KEYFRAMES
