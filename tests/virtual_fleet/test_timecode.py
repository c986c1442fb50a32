"""The time code in the picture: what `encode` writes, `read` finds again in a JPEG."""

from __future__ import annotations

import subprocess

import pytest

from virtual_fleet import timecode
from virtual_fleet.picture import Scene

MOMENT = 1795434527.819


def jpeg_of(frame: bytes, *, width: int, height: int, quality: int = 4, out_width: int | None = None) -> bytes:
    """A raw I420 picture as JPEG, made by ffmpeg."""
    raw = ["-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", f"{width}x{height}", "-i", "-"]
    scale = ["-vf", f"scale={out_width or width}:-2"]
    encode = ["-frames:v", "1", "-q:v", str(quality), "-f", "image2pipe", "-c:v", "mjpeg", "-"]
    command = ["ffmpeg", "-v", "error", *raw, *scale, *encode]
    return subprocess.run(command, input=frame, capture_output=True, timeout=30, check=True).stdout


def picture(*, width: int = 640, height: int = 360, detail: int = 12) -> bytes:
    scene = Scene("Bay 1", width, height, detail)
    return scene.frame(scene.background(), MOMENT)


def test_blocks_decode_to_the_time_they_were_made_of() -> None:
    assert timecode.decode(timecode.encode(MOMENT)) == MOMENT


@pytest.mark.parametrize(("width", "height"), [(640, 360), (1920, 1080), (320, 240)])
def test_the_time_is_read_from_a_jpeg_of_any_size(width: int, height: int) -> None:
    frame = picture(width=width, height=height)
    assert timecode.read(jpeg_of(frame, width=width, height=height)) == MOMENT


def test_the_time_survives_the_worst_jpeg_quality_and_half_the_size() -> None:
    jpeg = jpeg_of(picture(detail=60), width=640, height=360, quality=31, out_width=320)
    assert timecode.read(jpeg) == MOMENT


def test_a_picture_without_a_strip_is_refused_with_a_sentence() -> None:
    scene = Scene("Bay 1", 640, 360, detail=0)
    with pytest.raises(timecode.TimecodeError, match="no time code"):
        timecode.read(jpeg_of(scene.background(), width=640, height=360))


def test_one_wrong_block_is_noticed() -> None:
    blocks = timecode.encode(MOMENT)
    blocks[20] ^= 1
    with pytest.raises(timecode.TimecodeError, match="checksum"):
        timecode.decode(blocks)


def test_what_is_no_jpeg_is_refused_with_ffmpegs_reason() -> None:
    with pytest.raises(timecode.TimecodeError, match="ffmpeg cannot read"):
        timecode.read(b"this is no picture")


def test_more_detail_makes_a_larger_jpeg() -> None:
    sizes = [len(jpeg_of(picture(detail=detail), width=640, height=360)) for detail in (0, 10, 40)]
    assert sizes == sorted(sizes)
    assert sizes[2] > 2 * sizes[0]
