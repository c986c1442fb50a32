"""A new configuration is tried beside the live stream before it takes over."""

from __future__ import annotations

from typing import Any

import pytest

from pi_service.stream.candidate import Verdict
from tests.pi_service.stream_bench import Bench

Document = dict[str, Any]


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
