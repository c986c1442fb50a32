"""How ffmpeg is called, and what its words mean."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from pi_service.config import Config
from pi_service.stream.decode_plan import DecodeMode

IO_TIMEOUT_SECONDS = 8.0
LONGEST_SIGN_OF_LIFE_SECONDS = 60.0
SELECT_TOLERANCE_SECONDS = 0.1
_BEST_QSCALE, _WORST_QSCALE = 2, 31

# In the order in which they are asked: the first that fits any line names the reason.
_REASONS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (reason, re.compile(pattern, re.IGNORECASE))
    for reason, pattern in (
        ("ffmpeg missing", r"setpriv: failed to execute|No such file or directory: '(ffmpeg|setpriv)'"),
        ("unauthorized", r"\b401 Unauthorized|\b403 Forbidden|authorization failed"),
        ("not found", r"\b404 Not Found|\b454 Session Not Found"),
        ("refused", r"Connection refused|Server returned (4|5)|method \w+ failed: [45]\d\d"),
        ("unreachable", r"No route to host|(Network|Host) is (unreachable|down)|Failed to resolve|Name or service not"),
        ("timeout", r"(Connection|Operation) timed out"),
        ("no video", r"matches no streams|does not contain any stream"),
        ("decode errors", r"error while decoding|Error submitting|Invalid NAL|no frame!|Decoding error|Decode error"),
    )
)
_WITHOUT_MEANING = re.compile(r"deprecated pixel format used|Could not find codec parameters")
_CONNECTED = re.compile(r"\[verbose\] SDP:|\[info\] Input #0, ")
_TROUBLE = re.compile(r"\[(panic|fatal|error|warning)\] |^setpriv: ")


@dataclass(frozen=True)
class StreamSettings:
    """The part of a configuration that ffmpeg depends on. Equal settings need no new ffmpeg."""

    rtsp_url: str
    rtsp_transport: str
    interval_seconds: float
    jpeg_quality: int
    max_width: int
    decode: str

    @classmethod
    def of(cls, config: Config) -> StreamSettings:
        return cls(
            config.rtsp_url,
            config.rtsp_transport,
            config.snapshot_interval_seconds,
            config.jpeg_quality,
            config.max_width,
            config.decode,
        )

    @property
    def delivery_seconds(self) -> float:
        """Time between two pictures from ffmpeg: the interval, or a whole part of it where that exceeds a minute.

        A picture a minute is the sign of life by which a hung ffmpeg is noticed; those between are not published.
        """
        return self.interval_seconds / max(1, -(-self.interval_seconds // LONGEST_SIGN_OF_LIFE_SECONDS))


def qscale(jpeg_quality: int) -> int:
    """ffmpeg's quantiser scale for a JPEG quality: 100 -> 2 (best), 85 -> 6, 50 -> 16, 1 -> 31 (smallest), linear."""
    return round(_WORST_QSCALE - (jpeg_quality - 1) / 99 * (_WORST_QSCALE - _BEST_QSCALE))


def command(settings: StreamSettings, mode: DecodeMode) -> list[str]:
    """The command line. ffmpeg gets SIGKILL from the kernel when the process that started it dies.

    It holds the camera's password: never log it as it is.
    """
    return [
        *("setpriv", "--pdeathsig", "KILL", "--"),
        *("ffmpeg", "-nostdin", "-hide_banner", "-nostats", "-loglevel", "level+verbose", "-filter_threads", "1"),
        *_input_options(settings, mode),
        *("-i", settings.rtsp_url),
        *("-an", "-sn", "-dn", "-vf", _filters(settings), "-fps_mode", "passthrough"),
        # One thread: with more, the encoder returns each picture only when the next one is handed in.
        *("-c:v", "mjpeg", "-q:v", str(qscale(settings.jpeg_quality)), "-threads", "1"),
        *("-f", "image2pipe", "-flush_packets", "1", "pipe:1"),
    ]


def _input_options(settings: StreamSettings, mode: DecodeMode) -> list[str]:
    """Short analysis and no reordering delay: what comes out is what the camera saw just now.

    `-fflags nobuffer` is left out on purpose: it throws away the keyframe received during the analysis, and
    the first picture then waits for the next one.
    """
    options = ["-rtsp_transport", settings.rtsp_transport, "-timeout", str(round(IO_TIMEOUT_SECONDS * 1_000_000))]
    options += ["-allowed_media_types", "video", "-analyzeduration", "1", "-fpsprobesize", "0"]
    options += ["-fflags", "+discardcorrupt", "-flags", "low_delay", "-threads", "1"]
    if mode is DecodeMode.KEYFRAMES:
        options += ["-skip_frame", "nokey"]
    if mode is DecodeMode.HARDWARE:
        options += ["-c:v", "h264_v4l2m2m"]
    return options


def _filters(settings: StreamSettings) -> str:
    """Let one frame through each time one is due, at once, and number them evenly.

    By the wall clock (`time(0)`), not by the stream's time stamps, which jump in cameras; variable 0 is when the next
    one is due. `fps` and its kind would hold each frame back until the next one is there.
    """
    every = f"{settings.delivery_seconds:.3f}"
    due = f"gte(time(0),ld(0)-{SELECT_TOLERANCE_SECONDS})+lt(time(0),ld(0)-2*{every})"
    next_due = f"st(0,if(gt(time(0),ld(0)+{every}),time(0),ld(0))+{every})"
    width = f"min(iw,{settings.max_width})"
    return f"select='gt(if({due},{next_due},0),0)',settb=1/1000,setpts=N*1000,scale=w='trunc({width}/2)*2':h=-2"


def says_connected(line: str) -> bool:
    """Whether this line of stderr says that the camera has described its stream: name and password were accepted."""
    return _CONNECTED.search(line) is not None


def says_trouble(line: str) -> bool:
    """Whether this line of stderr is a warning or worse, and means something."""
    return _TROUBLE.search(line) is not None and _WITHOUT_MEANING.search(line) is None


def reason_for_end(
    lines: Sequence[str], exit_code: int, *, connected: bool, ran_seconds: float, pictures: int
) -> tuple[str, str]:
    """Why ffmpeg ended: the short reason of `stream.json`, and the line it was read from.

    `lines` are the last ones of stderr, oldest first; `exit_code` is negative for a signal; `connected` says whether
    the camera had answered with a stream.
    """
    if exit_code < 0:
        return "ffmpeg died", f"ffmpeg was ended by signal {-exit_code}"
    troubles = [line for line in lines if says_trouble(line)]
    if named := _named_reason(troubles, delivered=pictures > 0):
        return named
    last = _TROUBLE.sub("", troubles[-1]).strip() if troubles else ""
    if ran_seconds >= IO_TIMEOUT_SECONDS - 0.5 and not pictures:
        return "no video" if connected else "timeout", f"nothing came for {IO_TIMEOUT_SECONDS:.0f} s"
    if exit_code == 0 or connected or "Invalid data found" in last:
        return "no video", last or "the camera ended the stream"
    return "ffmpeg died", last or f"ffmpeg ended with exit code {exit_code} and said nothing"


def _named_reason(troubles: Sequence[str], *, delivered: bool) -> tuple[str, str] | None:
    """The first reason that any line fits. Damaged frames end nothing where pictures were delivered all the same."""
    for reason, pattern in _REASONS:
        for line in reversed(troubles):
            if pattern.search(line) and not (delivered and reason == "decode errors"):
                return reason, _TROUBLE.sub("", line).strip()
    return None
