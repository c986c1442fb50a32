"""What the stream manager publishes, and how it goes on when a camera fails."""

from __future__ import annotations

from typing import Any

from pi_service.paths import Paths
from pi_service.stream.decode_plan import DecodeMode
from tests.pi_service.stream_bench import INTERVAL, Bench

Document = dict[str, Any]


def test_the_first_attempt_begins_at_once(bench: Bench, config_document: Document) -> None:
    bench.adopt(config_document)

    assert len(bench.cameras.sessions) == 1
    assert bench.state.status == "connecting"


def test_a_picture_is_published_with_its_time_and_configuration(streaming: Bench) -> None:
    snapshot = streaming.published

    assert snapshot is not None
    assert (snapshot.image, snapshot.config_version, snapshot.interval_seconds) == (b"first", 1, INTERVAL)
    assert (snapshot.captured_boottime, snapshot.recorded_at) == (1000.0, streaming.clock.wall())
    assert streaming.state.status == "streaming"


def test_lost_attempts_are_repeated_with_doubling_waits(bench: Bench, config_document: Document) -> None:
    bench.adopt(config_document)
    starts = []
    for _ in range(4):
        bench.cameras.latest.fail("refused")
        known = len(bench.cameras.sessions)
        lost_at = bench.clock.seconds
        while len(bench.cameras.sessions) == known:
            bench.wait(0.1, step=0.1)
        starts.append(bench.clock.seconds - lost_at)

    for wait, whole in zip(starts, (1, 2, 4, 8), strict=True):
        assert 0.75 * whole - 0.2 <= wait <= whole + 0.3
    assert (bench.state.errors["refused"], bench.state.restarts) == (4, 4)


def test_a_minute_of_health_makes_the_next_wait_short_again(bench: Bench, config_document: Document) -> None:
    bench.adopt(config_document)
    for _ in range(6):
        bench.lose("refused")
    bench.stream(6)
    known = len(bench.cameras.sessions)
    bench.cameras.latest.fail("no video")

    bench.wait(1.5)

    assert len(bench.cameras.sessions) == known + 1


def test_a_silent_stream_is_told_from_a_lost_one_and_its_ffmpeg_is_killed(streaming: Bench) -> None:
    streaming.wait(1.5 * INTERVAL + 3)
    assert streaming.state.status == "silent"
    assert not streaming.cameras.sessions[0].killed

    streaming.wait(8)

    assert streaming.cameras.sessions[0].killed
    assert streaming.state.last_error is not None
    assert streaming.state.last_error["reason"] == "no video"
    assert streaming.state.status == "silent", "it goes on over the reconnection it causes"


def test_a_stopped_ffmpeg_is_killed_within_seconds(streaming: Bench) -> None:
    streaming.cameras.latest.stopped = True

    streaming.wait(3)

    assert streaming.cameras.sessions[0].killed
    assert len(streaming.cameras.sessions) == 2


def test_the_same_picture_again_is_not_published_and_does_not_become_younger(streaming: Bench) -> None:
    for _ in range(2):
        streaming.wait(INTERVAL)
        streaming.deliver(b"first")

    snapshot = streaming.published
    assert snapshot is not None
    assert (snapshot.sequence, snapshot.age_seconds(streaming.clock.seconds)) == (1, 2 * INTERVAL)
    assert streaming.state.status == "streaming"


def test_the_same_picture_for_three_intervals_is_frozen_until_another_one_comes(streaming: Bench) -> None:
    for _ in range(3):
        streaming.wait(INTERVAL)
        streaming.deliver(b"first")
    assert streaming.state.status == "frozen"

    streaming.wait(INTERVAL)
    streaming.deliver(b"another")

    assert streaming.state.status == "streaming"
    assert streaming.published is not None
    assert streaming.published.image == b"another"


def test_a_frozen_camera_is_reconnected_once_in_a_while_and_stays_frozen_meanwhile(streaming: Bench) -> None:
    for _ in range(10):
        streaming.wait(INTERVAL)
        streaming.deliver(b"first", streaming.manager.live.session)  # type: ignore[arg-type]  # ours are all fakes
        assert streaming.state.status in ("streaming", "frozen")

    assert len(streaming.cameras.sessions) == 2
    assert streaming.state.errors["frozen"] >= 1
    assert streaming.state.status == "frozen"


def test_a_frozen_picture_stays_old_across_a_restart_of_the_unit(
    paths: Paths, streaming: Bench, config_document: Document
) -> None:
    successor = Bench(paths)
    successor.clock.seconds = 1500.0
    successor.adopt(config_document)

    successor.deliver(b"first")

    assert successor.published is not None
    assert successor.published.age_seconds(1500.0) == 500.0
    assert successor.state.status == "frozen"
    successor.manager.close()


def test_keyframes_that_come_too_rarely_lead_to_full_decoding_without_a_gap(
    bench: Bench, config_document: Document
) -> None:
    bench.adopt(config_document | {"snapshot_interval_seconds": 2})
    by_keyframes = bench.cameras.latest
    for number in range(3):
        bench.deliver(b"%d" % number, by_keyframes)
        bench.wait(9)
    full = bench.cameras.latest
    assert (by_keyframes.mode, full.mode) == (DecodeMode.KEYFRAMES, DecodeMode.FULL)
    assert not by_keyframes.ended, "the old one goes on until the new one delivers"

    bench.deliver(b"by full decoding", full)

    assert by_keyframes.ended
    assert bench.published is not None
    assert bench.published.image == b"by full decoding"
    assert bench.state.decode == "full"


def test_what_was_learned_about_keyframes_holds_until_the_address_changes(
    bench: Bench, config_document: Document
) -> None:
    bench.adopt(config_document)
    bench.manager.live.plan.use_full()

    bench.adopt(config_document | {"version": 2, "jpeg_quality": 50})
    bench.adopt(config_document | {"version": 3, "rtsp_url": "rtsp://10.0.0.9/stream1"})

    modes = [session.mode for session in bench.cameras.sessions]
    assert modes == [DecodeMode.KEYFRAMES, DecodeMode.FULL, DecodeMode.KEYFRAMES]


def test_without_a_first_picture_by_keyframes_every_frame_is_decoded_next_time(
    bench: Bench, config_document: Document
) -> None:
    bench.adopt(config_document)
    bench.cameras.latest.connected_at = bench.clock.seconds

    bench.wait(18)

    assert [session.mode for session in bench.cameras.sessions] == [DecodeMode.KEYFRAMES, DecodeMode.FULL]


def test_a_restart_on_request_does_not_wait(bench: Bench, config_document: Document) -> None:
    bench.adopt(config_document)
    for _ in range(5):
        bench.lose("refused")
    bench.cameras.latest.fail("refused")
    bench.manager.tick()
    known = len(bench.cameras.sessions)

    bench.manager.restart("a person asked")

    assert len(bench.cameras.sessions) == known + 1


def test_a_throttled_stream_publishes_at_the_longer_interval_and_says_so(streaming: Bench) -> None:
    streaming.manager.throttle(24)
    streaming.wait(INTERVAL)
    before = streaming.state.published

    streaming.stream(6)

    assert streaming.state.published - before == 3
    assert (streaming.state.interval_seconds, streaming.state.throttled) == (24, True)
    streaming.manager.throttle(None)
    assert (streaming.state.interval_seconds, streaming.state.throttled) == (INTERVAL, False)


def test_long_intervals_publish_only_when_due_although_pictures_come_every_minute(
    bench: Bench, config_document: Document
) -> None:
    bench.adopt(config_document | {"snapshot_interval_seconds": 180})

    bench.stream(7, every=60)

    assert bench.state.published == 3
    assert bench.state.status == "streaming"


def test_a_missing_ffmpeg_is_named_and_tried_again(bench: Bench, config_document: Document) -> None:
    bench.cameras.missing = True
    bench.adopt(config_document)
    assert bench.state.last_error is not None
    assert bench.state.last_error["reason"] == "ffmpeg missing"

    bench.cameras.missing = False
    bench.wait(2)

    assert len(bench.cameras.sessions) == 1


def test_a_camera_that_stays_away_is_one_condition_however_often_it_is_tried(
    bench: Bench, config_document: Document
) -> None:
    bench.adopt(config_document)
    bench.cameras.latest.fail("refused")
    bench.wait(0.5)
    since = bench.state.since
    for _ in range(3):
        bench.lose("refused")

    assert bench.state.since == since


def test_a_picture_that_cannot_be_written_is_counted_and_the_stream_goes_on(paths: Paths, streaming: Bench) -> None:
    paths.history_dir.rename(paths.run_dir / "elsewhere")
    streaming.wait(INTERVAL)
    streaming.deliver(b"second")

    assert streaming.state.errors["storage"] == 1
    (paths.run_dir / "elsewhere").rename(paths.history_dir)
    streaming.wait(INTERVAL)
    streaming.deliver(b"third")
    assert streaming.state.published == 2


def test_a_throttle_measured_by_another_interval_ends_with_it(streaming: Bench, config_document: Document) -> None:
    streaming.manager.throttle(24)
    streaming.adopt(config_document | {"version": 2, "jpeg_quality": 50})
    assert streaming.state.interval_seconds == 24

    streaming.adopt(config_document | {"version": 3, "snapshot_interval_seconds": 2})

    assert (streaming.state.interval_seconds, streaming.state.throttled) == (2, False)
