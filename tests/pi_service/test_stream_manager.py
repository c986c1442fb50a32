from __future__ import annotations

import selectors
from collections.abc import Iterator
from typing import Any

import pytest

from pi_service.config import Config
from pi_service.paths import Paths
from pi_service.snapshot_cache import Snapshot, SnapshotReader
from pi_service.stream.candidate import Verdict
from pi_service.stream.decode_plan import DecodeMode
from pi_service.stream.publication import Publication
from pi_service.stream.state import StreamState
from pi_service.stream_manager import StreamManager
from tests.pi_service.fakes import Cameras, Clock, FakeSession

Document = dict[str, Any]
INTERVAL = 12.0


class Bench:
    """A stream manager whose time and whose cameras are in the test's hands."""

    def __init__(self, paths: Paths) -> None:
        self.clock, self.cameras = Clock(), Cameras()
        self.evidence = 0
        self.state = StreamState(since=self.clock.wall())
        self.selector = selectors.DefaultSelector()
        self.reader = SnapshotReader(paths, boottime=self.clock.boottime)
        publication = Publication(paths, self.state, boottime=self.clock.boottime, wall=self.clock.wall)
        self.manager = StreamManager(
            publication,
            self.state,
            self.selector,
            evidence=self._count,
            boottime=self.clock.boottime,
            wall=self.clock.wall,
            start_session=self.cameras,
        )
        self.verdicts: list[Verdict] = []

    def _count(self) -> None:
        self.evidence += 1

    def adopt(self, document: Document) -> None:
        self.manager.adopt(Config.from_document(document), document)

    def try_out(self, document: Document, timeout: float = 25) -> None:
        self.manager.try_out(Config.from_document(document), document, timeout, self.verdicts.append)

    def deliver(self, image: bytes, session: FakeSession | None = None) -> None:
        session = session or self.cameras.latest
        self.manager._on_pictures(session, session.deliver(image, self.clock.seconds))

    def wait(self, seconds: float, step: float = 0.5) -> None:
        """Let time pass, with a turn of the loop each half second."""
        until = self.clock.seconds + seconds
        while self.clock.seconds < until:
            self.clock.advance(min(step, until - self.clock.seconds))
            self.manager.tick()

    def stream(self, pictures: int, every: float = INTERVAL) -> None:
        """Different pictures, on time."""
        for _ in range(pictures):
            self.deliver(f"picture at {self.clock.seconds}".encode())
            self.wait(every)

    def lose(self, reason: str) -> None:
        """The live ffmpeg ends, and the next one begins when it is time."""
        self.cameras.latest.fail(reason)
        known = len(self.cameras.sessions)
        while len(self.cameras.sessions) == known:
            self.wait(0.5)

    @property
    def published(self) -> Snapshot | None:
        return self.reader.current()


@pytest.fixture
def bench(paths: Paths) -> Iterator[Bench]:
    bench = Bench(paths)
    yield bench
    bench.manager.close()
    bench.selector.close()


@pytest.fixture
def streaming(bench: Bench, config_document: Document) -> Bench:
    """The live stream has just delivered its first picture."""
    bench.adopt(config_document)
    bench.deliver(b"first")
    return bench


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


def test_a_trial_runs_beside_the_live_stream_and_nothing_of_it_is_published_before_the_commit(
    streaming: Bench, config_document: Document
) -> None:
    streaming.try_out(config_document | {"version": 2, "rtsp_url": "rtsp://10.0.0.9/stream1"})
    old, new = streaming.cameras.sessions
    streaming.deliver(b"new camera", new)
    assert streaming.verdicts == [Verdict(ok=True, tried=True)]
    assert streaming.published is not None
    assert streaming.published.image == b"first"

    assert streaming.manager.commit()

    assert streaming.published.image == b"new camera"
    assert (streaming.published.config_version, streaming.state.config_version) == (2, 2)
    assert (old.ended, new.ended) == (True, False)


def test_a_failed_trial_leaves_the_live_stream_alone(streaming: Bench, config_document: Document) -> None:
    streaming.try_out(config_document | {"version": 2, "rtsp_url": "rtsp://10.0.0.9/stream1"})
    live, candidate = streaming.cameras.sessions
    candidate.fail("unauthorized", "401 at rtsp://u:secret@10.0.0.9/")

    streaming.wait(0.5)

    answer = streaming.verdicts[0].document()
    assert (answer["ok"], answer["tried"], answer["reason"]) == (False, True, "unauthorized")
    assert answer["detail"] == "401 at rtsp://u:***@10.0.0.9/"
    assert (live.ended, candidate.ended) == (False, True)
    assert not streaming.manager.commit()


def test_a_trial_ends_at_its_deadline(streaming: Bench, config_document: Document) -> None:
    streaming.try_out(config_document | {"rtsp_url": "rtsp://10.0.0.9/stream1"}, timeout=6)

    streaming.wait(6.5)

    assert [verdict.ok for verdict in streaming.verdicts] == [False]


def test_a_change_that_does_not_concern_the_stream_needs_no_second_ffmpeg(
    streaming: Bench, config_document: Document
) -> None:
    streaming.try_out(config_document | {"version": 2, "history_size": 5})

    assert [(verdict.ok, verdict.tried) for verdict in streaming.verdicts] == [(True, False)]
    assert streaming.manager.commit()
    assert len(streaming.cameras.sessions) == 1
    assert not streaming.cameras.latest.ended
    assert streaming.state.config_version == 2


def test_an_abandoned_trial_ends_its_ffmpeg(streaming: Bench, config_document: Document) -> None:
    streaming.try_out(config_document | {"rtsp_url": "rtsp://10.0.0.9/stream1"})

    streaming.manager.abandon()

    assert [session.ended for session in streaming.cameras.sessions] == [False, True]


@pytest.mark.parametrize(
    ("changes", "reason", "ok"),
    [
        ({"jpeg_quality": 50}, "refused", True),
        ({"jpeg_quality": 50}, "unauthorized", True),
        ({"rtsp_url": "rtsp://camera:other@127.0.0.1:1/stream1"}, "timeout", True),
        ({"rtsp_url": "rtsp://camera:other@127.0.0.1:1/stream1"}, "unauthorized", False),
        ({"rtsp_url": "rtsp://camera:letmein@127.0.0.1:1/stream2"}, "refused", False),
        ({"rtsp_transport": "udp"}, "refused", False),
    ],
)
def test_while_the_camera_is_away_a_trial_decides_only_what_it_can_tell(
    bench: Bench, config_document: Document, changes: Document, reason: str, ok: bool
) -> None:
    bench.adopt(config_document)
    bench.cameras.latest.fail("refused")
    bench.wait(0.5)
    bench.try_out(config_document | {"version": 2} | changes)
    bench.cameras.latest.fail(reason)

    bench.manager.tick()

    assert [(verdict.ok, verdict.tried, verdict.reason) for verdict in bench.verdicts] == [(ok, not ok, reason)]
    assert bench.manager.commit() is ok


def test_the_very_first_configuration_is_accepted_although_its_camera_is_off(
    bench: Bench, config_document: Document
) -> None:
    bench.try_out(config_document)
    bench.cameras.latest.fail("refused")

    bench.manager.tick()

    assert [(verdict.ok, verdict.tried) for verdict in bench.verdicts] == [(True, False)]
    assert bench.manager.commit()
    assert bench.state.config_version == 1


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


def test_waiting_for_a_camera_is_evidence_and_running_without_pictures_is_not(streaming: Bench) -> None:
    before = streaming.evidence
    streaming.wait(10)
    assert streaming.evidence == before

    streaming.cameras.latest.fail("refused")
    streaming.wait(0.5)
    before = streaming.evidence
    streaming.wait(0.5)

    assert streaming.evidence > before


def test_the_watchdog_outlasts_every_wait_that_is_in_order(streaming: Bench, config_document: Document) -> None:
    session = streaming.cameras.latest
    assert streaming.manager.watchdog_seconds() > session.longest_gap_seconds()

    streaming.cameras.latest.fail("refused")
    streaming.manager.tick()

    assert streaming.manager.watchdog_seconds() == 30


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


@pytest.mark.parametrize(("interval", "connected"), [(12, False), (12, True), (60, True), (3600, True)])
def test_a_camera_that_is_away_or_silent_for_hours_never_lets_the_watchdog_bite(
    bench: Bench, config_document: Document, interval: float, connected: bool
) -> None:
    """systemd counts a changed watchdog time from the last sign of life, also where the change makes it shorter."""
    bench.adopt(config_document | {"snapshot_interval_seconds": interval})
    bench.deliver(b"the last picture")
    alive_at, seen = bench.clock.seconds, bench.evidence
    for _ in range(2 * 3600 * 2):
        if connected:
            bench.cameras.latest.connected_at = bench.cameras.latest.started_at
        bench.wait(0.5)
        alive_at, seen = (bench.clock.seconds if bench.evidence > seen else alive_at), bench.evidence
        assert bench.clock.seconds - alive_at < bench.manager.watchdog_seconds()
    assert {session.mode for session in bench.cameras.sessions} == (
        {DecodeMode.KEYFRAMES, DecodeMode.FULL} if connected else {DecodeMode.KEYFRAMES}
    )


def test_a_reconnection_to_a_frozen_camera_never_lets_the_watchdog_bite(
    bench: Bench, config_document: Document
) -> None:
    bench.adopt(config_document | {"snapshot_interval_seconds": 60})
    alive_at, seen = bench.clock.seconds, bench.evidence
    for turn in range(3600):
        if turn % 120 == 0:
            bench.deliver(b"always the same")
        bench.wait(0.5)
        alive_at, seen = (bench.clock.seconds if bench.evidence > seen else alive_at), bench.evidence
        assert bench.clock.seconds - alive_at < bench.manager.watchdog_seconds()
    assert len(bench.cameras.sessions) > 1


def test_a_throttle_measured_by_another_interval_ends_with_it(streaming: Bench, config_document: Document) -> None:
    streaming.manager.throttle(24)
    streaming.adopt(config_document | {"version": 2, "jpeg_quality": 50})
    assert streaming.state.interval_seconds == 24

    streaming.adopt(config_document | {"version": 3, "snapshot_interval_seconds": 2})

    assert (streaming.state.interval_seconds, streaming.state.throttled) == (2, False)


def test_a_second_trial_tells_the_first_that_nothing_came_of_it(streaming: Bench, config_document: Document) -> None:
    streaming.try_out(config_document | {"rtsp_url": "rtsp://10.0.0.9/stream1"})
    streaming.try_out(config_document | {"rtsp_url": "rtsp://10.0.0.8/stream1"})

    assert [(verdict.ok, verdict.reason) for verdict in streaming.verdicts] == [(False, "superseded")]
    assert [session.ended for session in streaming.cameras.sessions] == [False, True, False]


def test_a_camera_for_one_session_is_left_to_the_candidate_and_the_old_stream_returns_where_that_fails(
    streaming: Bench, config_document: Document
) -> None:
    streaming.try_out(config_document | {"version": 2, "jpeg_quality": 50})
    streaming.cameras.latest.fail("refused", "453 Not Enough Bandwidth")
    streaming.wait(1)
    live, refused, alone = streaming.cameras.sessions
    assert (live.ended, refused.ended, alone.ended) == (True, True, False)
    assert (streaming.verdicts, streaming.state.status) == ([], "connecting")

    alone.fail("refused")
    streaming.wait(1)

    assert [(verdict.ok, verdict.tried, verdict.reason) for verdict in streaming.verdicts] == [(False, True, "refused")]
    assert streaming.cameras.latest.settings == live.settings
    assert not streaming.cameras.latest.ended


def test_another_address_is_never_worth_a_pause_of_the_live_stream(streaming: Bench, config_document: Document) -> None:
    streaming.try_out(config_document | {"rtsp_url": "rtsp://10.0.0.9/stream1"})
    streaming.cameras.latest.fail("refused")

    streaming.wait(1)

    assert [verdict.ok for verdict in streaming.verdicts] == [False]
    assert not streaming.cameras.sessions[0].ended
