"""How a device is judged, and in which words."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from control_ui.models import ConfigVersion, Device, DeviceState
from control_ui.models.devices import DeviceStatus
from control_ui.services.devices.reasons import Reason, duration
from control_ui.services.devices.status import Standing, judge, refusal_of, tell
from tests.control_ui.conftest import NOW
from tests.control_ui.devices.conftest import report

SINCE = NOW - timedelta(minutes=2)


def version(number: int, **shown: Any) -> ConfigVersion:
    return ConfigVersion(number=number, shown=shown, created_at=SINCE)


def standing(
    sent: dict[str, Any] | None = None,
    *,
    runs: int | None = 6,
    in_force: ConfigVersion | None = None,
    wanted: ConfigVersion | None = None,
    ever: bool = False,
) -> Standing:
    whole = sent or report()
    parts = {name: whole[name] for name in ("status", "stream", "metrics")}
    return Standing(parts, runs, in_force, wanted, SINCE if wanted else None, ever or wanted is not None)


def words(**changes: Any) -> list[str]:
    sent = report(status=changes.pop("status", {}), stream=changes.pop("stream", {})) | changes.pop("whole", {})
    verdict, reasons = judge(standing(sent, **changes), NOW)
    assert verdict == (DeviceStatus.DEGRADED if reasons else DeviceStatus.ONLINE)
    return [reason.words() for reason in reasons]


def test_a_device_that_is_well_needs_no_words() -> None:
    assert words() == []


@pytest.mark.parametrize(
    ("stream", "because"),
    [
        ({"status": "disconnected", "last_error": {"reason": "refused"}}, "the camera refuses the connection"),
        (
            {"status": "connecting", "last_error": {"reason": "unauthorized"}},
            "the camera does not accept the user name or password",
        ),
        ({"status": "connecting"}, "the stream is being set up"),
        ({"status": "streaming"}, "the stream runs, but its next picture is overdue"),
        ({"status": "streaming", "last_error": {"reason": "storage"}}, "pictures cannot be stored"),
        ({"status": "streaming", "quiet": True}, "the stream service does not report"),
        ({"status": "frozen"}, "the camera sends the same picture again and again"),
        ({"status": "of a later release"}, "the stream service says nothing that is known here"),
    ],
)
def test_no_picture_is_told_with_its_cause_and_for_how_long(stream: dict[str, Any], because: str) -> None:
    assert words(status={"snapshot": {"age_seconds": 40.2}}, stream=stream) == [f"no picture for 40 s: {because}"]


def test_no_picture_at_all_and_no_stream_service() -> None:
    assert words(status={"snapshot": None}, whole={"stream": None}) == [
        "no picture: the stream service has not reported since it started"
    ]


@pytest.mark.parametrize(
    ("shown", "interval", "age", "fresh"),
    [
        ({}, 12.0, 36.0, True),
        ({}, 12.0, 36.1, False),
        ({"stale_after_seconds": 20}, 12.0, 20.5, False),
        ({"snapshot_interval_seconds": 60}, 60.0, 179.0, True),
        ({"snapshot_interval_seconds": 60}, 120.0, 350.0, True),  # throttled by heat
    ],
)
def test_a_picture_is_as_old_as_its_configuration_allows(
    shown: dict[str, Any], interval: float, age: float, fresh: bool
) -> None:
    status, stream = {"snapshot": {"age_seconds": age}}, {"interval_seconds": interval}
    assert (words(status=status, stream=stream, in_force=version(6, **shown)) == []) is fresh


def test_a_frozen_camera_is_told_while_its_last_picture_is_still_fresh() -> None:
    assert words(stream={"status": "frozen"}) == ["the camera sends the same picture again and again"]


def test_what_the_pi_finds_wrong_with_itself_is_told_with_its_figures() -> None:
    conditions = [
        {"name": "too_hot", "detail": "82.1 degrees Celsius"},
        {"name": "stream_memory", "detail": "carwash-stream.service uses 400 MiB"},
        {"name": "of_a_later_release", "detail": ""},
    ]
    assert words(status={"conditions": conditions}) == [
        "it is too hot: 82.1 degrees Celsius",
        "the stream service uses too much memory: carwash-stream.service uses 400 MiB",
        "of a later release",
    ]


def test_a_silent_stream_is_told_once() -> None:
    conditions = [{"name": "stream_silent", "detail": "x"}]
    status = {"snapshot": {"age_seconds": 100}, "conditions": conditions}
    assert words(status=status, stream={"status": "silent"}) == [
        "no picture for 100 s: the camera is connected but sends no pictures"
    ]


def test_a_wanted_configuration_has_a_while_to_arrive() -> None:
    assert words(wanted=version(7)) == []
    late = standing(wanted=version(7))
    _, (reason,) = judge(late, NOW + timedelta(minutes=4))
    assert reason.words() == ("runs configuration 6, 7 is wanted since 2026-03-04 05:04 UTC: it has not taken it yet")


def test_a_refused_configuration_is_told_at_once_in_the_words_of_the_pi() -> None:
    pull = {"desired_version": 7, "reason": "refused: no good picture within 25 s (unauthorized)"}
    assert words(status={"pull": pull}, wanted=version(7)) == [
        "runs configuration 6, 7 is wanted since 2026-03-04 05:04 UTC:"
        " refused: no good picture within 25 s (unauthorized)"
    ]


@pytest.mark.parametrize(
    ("last_apply", "refusal"),
    [
        ({"result": "rolled back", "new_version": 7, "reason": "no picture"}, "rolled back: no picture"),
        (
            {"result": "refused", "new_version": 7, "reason": "", "faults": [{"path": "$.x", "message": "is odd"}]},
            "refused: $.x: is odd",
        ),
        ({"result": "applied", "new_version": 7}, ""),
        ({"result": "refused", "new_version": 5, "reason": "older"}, ""),
        (None, ""),
        ("garbage", ""),
    ],
)
def test_a_refusal_is_also_found_in_what_was_last_applied(last_apply: Any, refusal: str) -> None:
    assert refusal_of({"status": {"last_apply": last_apply}}, 7) == refusal


def test_a_refusal_quotes_no_password() -> None:
    pull = {"desired_version": 7, "reason": "refused: rtsp://viewer:hunter2@192.0.2.1/ is away"}
    assert "hunter2" not in refusal_of({"status": {"pull": pull}}, 7)


def test_a_configuration_from_elsewhere_is_told_where_ours_was_ever_wanted() -> None:
    assert words(runs=12, ever=True) == ["runs configuration 12, which did not come from here"]
    assert words(runs=12) == []


def device(status: DeviceStatus, **values: Any) -> Device:
    row = Device(name="wash-1", token_sha256="x", **values)
    row.state = DeviceState(status=status, last_seen_at=NOW, report={})
    return row


def test_durations_are_told_as_of_now() -> None:
    stale = standing(report(status={"snapshot": {"age_seconds": 40.0}}, stream={"status": "connecting"}))
    told = tell(device(DeviceStatus.DEGRADED), stale, NOW + timedelta(seconds=9))
    assert told == ["no picture for 49 s: the stream is being set up"]


def test_of_a_silent_device_it_is_told_when_it_was_seen_and_how_it_was_then() -> None:
    hot = standing(report(status={"conditions": [{"name": "too_hot", "detail": "85.0 degrees Celsius"}]}))
    gone = device(DeviceStatus.OFFLINE)
    assert tell(gone, hot, NOW + timedelta(minutes=3)) == [
        "last seen 3 min ago, at 2026-03-04 05:06:07 UTC",
        "when it was last seen: it is too hot: 85.0 degrees Celsius",
    ]
    gone.token_sha256 = None
    assert "its device token was revoked: it cannot check in" in tell(gone, hot, NOW)


def test_of_a_device_that_was_never_seen_it_is_told_what_is_missing() -> None:
    row = device(DeviceStatus.NEVER_SEEN)
    row.state.last_seen_at = None
    assert tell(row, standing(), NOW) == [
        "it has never checked in: it has not registered yet (make an enrolment token, and put it on the Pi)"
    ]
    row.registered_at = NOW
    assert tell(row, standing(), NOW) == ["it registered at 2026-03-04 05:06 UTC, but has not checked in since"]


def test_a_reason_stays_the_same_text_while_its_figures_run() -> None:
    one, two = (Reason("no picture", "why", seconds, "82 degrees") for seconds in (10.0, 500.0))
    assert str(one) == str(two) == "no picture: why"
    assert (one.words(), two.words()) == (
        "no picture for 10 s: why, 82 degrees",
        "no picture for 8 min: why, 82 degrees",
    )


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (-3, "0 s"), (119, "119 s"), (120, "2 min"), (7199, "119 min"), (7200, "2 h"), (200_000, "2 d")],
)
def test_a_duration_is_told_in_one_unit(seconds: float, text: str) -> None:
    assert duration(seconds) == text
