from __future__ import annotations

from pathlib import Path

import pytest

from pi_service.stream.decode_plan import DecodeMode, DecodePlan, hardware_decoder_available


def test_two_late_keyframes_in_a_row_ask_for_full_decoding() -> None:
    plan = DecodePlan("auto")

    assert plan.mode is DecodeMode.KEYFRAMES
    assert [plan.gap(gap, 2.0) for gap in (2, 10, 2, 10, 10)] == [False, False, False, False, True]


def test_the_setting_keyframes_is_kept_however_late_they_are() -> None:
    plan = DecodePlan("keyframes")

    assert not any(plan.gap(60, 2.0) for _ in range(5))
    plan.no_first_picture()
    assert plan.mode is DecodeMode.KEYFRAMES


def test_without_a_first_picture_the_other_way_is_tried_in_turn() -> None:
    plan = DecodePlan("auto")

    modes = []
    for _ in range(3):
        plan.no_first_picture()
        modes.append(plan.mode)

    assert modes == [DecodeMode.FULL, DecodeMode.KEYFRAMES, DecodeMode.FULL]


@pytest.mark.parametrize(("available", "mode"), [(True, DecodeMode.HARDWARE), (False, DecodeMode.KEYFRAMES)])
def test_hardware_is_used_only_where_it_is(available: bool, mode: DecodeMode) -> None:
    assert DecodePlan("hardware", lambda: available).mode is mode


def test_hardware_that_brings_no_picture_is_given_up_for_software(caplog: pytest.LogCaptureFixture) -> None:
    plan = DecodePlan("hardware", lambda: True)

    plan.no_first_picture()

    assert plan.mode is DecodeMode.KEYFRAMES
    assert "decoding in software" in caplog.text


def test_a_machine_without_the_device_has_no_hardware_decoder(tmp_path: Path) -> None:
    assert not hardware_decoder_available(tmp_path / "video10")


def test_a_copy_learns_by_itself() -> None:
    plan = DecodePlan("auto")
    twin = plan.copy()

    twin.use_full()

    assert (plan.mode, twin.mode) == (DecodeMode.KEYFRAMES, DecodeMode.FULL)
