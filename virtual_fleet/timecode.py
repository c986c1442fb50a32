"""Writes the time into a picture as black and white blocks, and reads it back from a JPEG.

A strip along the bottom edge holds one row of blocks, all of the same width: a fixed pattern by which the strip is
recognised, the Unix time in milliseconds, most significant bit first, and a checksum over it.
"""

from __future__ import annotations

import subprocess

SYNC_BITS = (1, 0, 1, 0)
TIME_BITS = 44  # milliseconds; enough until the year 2527
CHECKSUM_BITS = 8
BLOCKS = len(SYNC_BITS) + TIME_BITS + CHECKSUM_BITS
STRIP_FRACTION = 18  # the strip takes this part of the picture's height
MIN_CONTRAST = 60
_DECODE_TIMEOUT_SECONDS = 10
_CHECKSUM_POLYNOMIAL = 0x107


class TimecodeError(ValueError):
    """A picture carries no readable time code; the message says why."""


def encode(unix_seconds: float) -> list[int]:
    """The blocks for a time, left to right: 1 is white, 0 is black."""
    milliseconds = round(unix_seconds * 1000)
    if not 0 <= milliseconds < 1 << TIME_BITS:
        raise ValueError(f"{unix_seconds} s cannot be written in {TIME_BITS} bits of milliseconds since 1970")
    return [*SYNC_BITS, *_bits(milliseconds, TIME_BITS), *_bits(_checksum(milliseconds), CHECKSUM_BITS)]


def decode(blocks: list[int]) -> float:
    """The Unix time in seconds that `encode` wrote into these blocks. Raises TimecodeError."""
    if len(blocks) != BLOCKS or tuple(blocks[: len(SYNC_BITS)]) != SYNC_BITS:
        raise TimecodeError(
            "the strip does not begin with the time code's pattern: this is no camera of a virtual fleet"
        )
    milliseconds = _number(blocks[len(SYNC_BITS) : -CHECKSUM_BITS])
    if _number(blocks[-CHECKSUM_BITS:]) != _checksum(milliseconds):
        raise TimecodeError("the time code's checksum is wrong: the picture is torn or damaged")
    return milliseconds / 1000


def read(jpeg: bytes) -> float:
    """When the camera took this picture, as Unix time in seconds (resolution 1 ms). Raises TimecodeError."""
    levels = _block_levels(jpeg)
    dark, bright = min(levels), max(levels)
    if bright - dark < MIN_CONTRAST:
        raise TimecodeError(f"the strip has no contrast (levels {dark} to {bright} of 255): it holds no time code")
    middle = (dark + bright) / 2
    return decode([int(level > middle) for level in levels])


def strip_height(picture_height: int) -> int:
    """Height of the strip in pixels; always even, since chroma is stored at half the resolution."""
    return max(8, picture_height // STRIP_FRACTION // 2 * 2)


def strip_line(unix_seconds: float, width: int, *, black: int = 16, white: int = 235) -> bytes:
    """One line of luma for the strip: `width` bytes."""
    edges = [width * block // BLOCKS for block in range(BLOCKS + 1)]
    levels = (white if bit else black for bit in encode(unix_seconds))
    return b"".join(
        bytes([level]) * (end - start) for level, start, end in zip(levels, edges[:-1], edges[1:], strict=True)
    )


def _block_levels(jpeg: bytes) -> bytes:
    """Mean brightness of each block, measured by ffmpeg in the middle of the strip."""
    crop = f"crop=iw:max(2\\,ih/{STRIP_FRACTION * 3}):0:ih-ih/{STRIP_FRACTION}*2/3"
    command = ["ffmpeg", "-v", "error", "-f", "image2pipe", "-c:v", "mjpeg", "-i", "-"]
    command += ["-vf", f"{crop},scale={BLOCKS}:1:flags=area,format=gray", "-frames:v", "1", "-f", "rawvideo", "-"]
    result = subprocess.run(command, input=jpeg, capture_output=True, timeout=_DECODE_TIMEOUT_SECONDS, check=False)
    if result.returncode or len(result.stdout) != BLOCKS:
        reason = result.stderr.decode(errors="replace").strip().splitlines()[-1:] or ["no picture came out"]
        raise TimecodeError(f"ffmpeg cannot read the picture ({len(jpeg)} bytes): {reason[0]}")
    return result.stdout


def _bits(number: int, count: int) -> list[int]:
    return [number >> position & 1 for position in reversed(range(count))]


def _number(bits: list[int]) -> int:
    return int("".join(map(str, bits)), 2)


def _checksum(milliseconds: int) -> int:
    """CRC-8 of the time."""
    remainder = milliseconds << CHECKSUM_BITS
    for position in reversed(range(CHECKSUM_BITS, TIME_BITS + CHECKSUM_BITS)):
        if remainder >> position & 1:
            remainder ^= _CHECKSUM_POLYNOMIAL << (position - CHECKSUM_BITS)
    return remainder
