from __future__ import annotations

from typing import Any

import pytest

from pi_service.config import Config
from pi_service.stream.decode_plan import DecodeMode
from pi_service.stream.ffmpeg import StreamSettings, command, qscale, reason_for_end, says_connected, says_trouble


@pytest.fixture
def settings(config_document: dict[str, Any]) -> StreamSettings:
    return StreamSettings.of(Config.from_document(config_document))


@pytest.mark.parametrize(("quality", "expected"), [(100, 2), (85, 6), (50, 17), (1, 31)])
def test_the_quality_is_mapped_to_ffmpegs_scale(quality: int, expected: int) -> None:
    assert qscale(quality) == expected


def test_keyframes_mode_skips_all_other_frames(settings: StreamSettings) -> None:
    assert "nokey" in command(settings, DecodeMode.KEYFRAMES)
    assert "nokey" not in command(settings, DecodeMode.FULL)
    assert "h264_v4l2m2m" in command(settings, DecodeMode.HARDWARE)


@pytest.mark.parametrize(("interval", "delivery"), [(1, 1), (12, 12), (60, 60), (90, 45), (3600, 60)])
def test_ffmpeg_gives_a_sign_of_life_at_least_once_a_minute(
    config_document: dict[str, Any], interval: float, delivery: float
) -> None:
    config = Config.from_document(
        config_document | {"snapshot_interval_seconds": interval, "stale_after_seconds": 9999}
    )

    assert StreamSettings.of(config).delivery_seconds == delivery


REFUSED = "[tcp @ 0x5] [error] Connection to tcp://10.0.0.1:554?timeout=8000000 failed: Connection refused"
DAMAGED = "[h264 @ 0x5] [error] error while decoding MB 12 7, bytestream -5"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (REFUSED, "refused"),
        ("[rtsp @ 0x5] [error] method DESCRIBE failed: 401 Unauthorized", "unauthorized"),
        ("[rtsp @ 0x5] [error] method DESCRIBE failed: 403 Forbidden", "unauthorized"),
        ("[rtsp @ 0x5] [error] method DESCRIBE failed: 404 Not Found", "not found"),
        ("[rtsp @ 0x5] [error] method SETUP failed: 453 Not Enough Bandwidth", "refused"),
        ("[error] rtsp://10.0.0.1/x: Server returned 5XX Server Error reply", "refused"),
        ("[tcp @ 0x5] [error] Connection to tcp://10.0.0.1:554 failed: No route to host", "unreachable"),
        ("[tcp @ 0x5] [error] Failed to resolve hostname camera: Name or service not known", "unreachable"),
        ("[tcp @ 0x5] [error] Connection to tcp://10.0.0.1:554 failed: Connection timed out", "timeout"),
        ("[error] Output file #0 does not contain any stream", "no video"),
        ("[h264 @ 0x5] [error] Invalid NAL unit size (123 > 45).", "decode errors"),
        ("setpriv: failed to execute ffmpeg: No such file or directory", "ffmpeg missing"),
        ("[error] Something never seen before", "ffmpeg died"),
    ],
)
def test_the_last_words_of_ffmpeg_name_the_reason(line: str, reason: str) -> None:
    assert reason_for_end([line], 1, connected=False, ran_seconds=0.2, pictures=0)[0] == reason


def test_an_end_by_a_signal_is_a_death_whatever_was_said_before() -> None:
    assert reason_for_end([REFUSED], -9, connected=True, ran_seconds=5, pictures=3) == (
        "ffmpeg died",
        "ffmpeg was ended by signal 9",
    )


def test_a_connection_that_stays_without_an_answer_is_a_timeout() -> None:
    line = "[error] rtsp://10.0.0.1/x: Invalid data found when processing input"

    assert reason_for_end([line], 1, connected=False, ran_seconds=8.1, pictures=0)[0] == "timeout"
    assert reason_for_end([line], 1, connected=True, ran_seconds=8.1, pictures=0)[0] == "no video"


def test_a_few_damaged_frames_are_not_why_a_stream_that_delivered_has_ended() -> None:
    assert reason_for_end([DAMAGED], 0, connected=True, ran_seconds=90, pictures=7)[0] == "no video"
    assert reason_for_end([DAMAGED], 0, connected=True, ran_seconds=20, pictures=0)[0] == "decode errors"


def test_an_end_without_a_word_still_has_a_reason() -> None:
    assert reason_for_end([], 0, connected=True, ran_seconds=3, pictures=2) == (
        "no video",
        "the camera ended the stream",
    )


def test_noise_of_ffmpeg_is_no_trouble() -> None:
    assert not says_trouble("[swscaler @ 0x5] [warning] deprecated pixel format used, make sure you did set range")
    assert not says_trouble("a=control:stream=0")
    assert not says_trouble("[info] Stream mapping:")
    assert says_trouble("[rtsp @ 0x5] [warning] RTP: missed 3 packets")


def test_the_cameras_description_of_its_stream_shows_that_it_is_connected() -> None:
    assert says_connected("[rtsp @ 0x561] [verbose] SDP:")
    assert not says_connected("[tcp @ 0x561] [verbose] Successfully connected to 10.0.0.1 port 554")
