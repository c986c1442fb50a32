"""Why a device is not well, in words for a person who was woken up by it."""

from __future__ import annotations

from dataclasses import dataclass

_UNITS = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))
_WORTH_TWO = 2


@dataclass(frozen=True)
class Reason:
    """One thing that is wrong.

    As text it has no running figures, so that it stays the same for as long as the matter does: equal texts are the
    same trouble. `words` adds for how long, and the figures.
    """

    what: str
    because: str = ""
    seconds: float | None = None
    """For how long, when the device reported it."""
    figures: str = ""

    def __str__(self) -> str:
        return f"{self.what}: {self.because}" if self.because else self.what

    def words(self, later_seconds: float = 0.0) -> str:
        """`no picture for 40 s: the camera refuses the connection`; said so long after it was reported."""
        lasting = "" if self.seconds is None else f" for {duration(self.seconds + later_seconds)}"
        because = ", ".join(part for part in (self.because, self.figures) if part)
        return f"{self.what}{lasting}" + (f": {because}" if because else "")


def duration(seconds: float) -> str:
    """In its largest unit that says enough: `40 s`, `3 min`, `26 h`, `5 d`."""
    for size, unit in _UNITS[:-1]:
        if seconds >= _WORTH_TWO * size:
            return f"{int(seconds // size)} {unit}"
    return f"{max(0, round(seconds))} s"


STREAM_ERRORS = {
    "refused": "the camera refuses the connection",
    "unauthorized": "the camera does not accept the user name or password",
    "not found": "the camera does not know the path of the stream",
    "unreachable": "the camera cannot be reached",
    "timeout": "the camera does not answer in time",
    "no video": "the camera sends no video",
    "decode errors": "the camera's video cannot be decoded",
    "frozen": "the camera sends the same picture again and again",
    "ffmpeg died": "ffmpeg ended unexpectedly",
    "ffmpeg missing": "ffmpeg is not installed",
    "storage": "pictures cannot be stored",
}
STREAM_STATUSES = {
    "connecting": "the stream is being set up",
    "streaming": "the stream runs, but its next picture is overdue",
    "frozen": STREAM_ERRORS["frozen"],
    "silent": "the camera is connected but sends no pictures",
    "disconnected": "the camera is not connected",
}
CONDITIONS = {
    "api_not_answering": "the snapshot API does not answer",
    "too_hot": "it is too hot",
    "disk_nearly_full": "its disk is nearly full",
    "clock_not_synchronised": "its clock is not synchronised",
    "config_damaged": "its configuration file is damaged",
    "stream_memory": "the stream service uses too much memory",
    "api_memory": "the snapshot service uses too much memory",
    "agent_memory": "the agent uses too much memory",
    "stream_silent": STREAM_STATUSES["silent"],
    "stream_frozen": STREAM_ERRORS["frozen"],
    "stream_not_reporting": "the stream service does not report",
}
