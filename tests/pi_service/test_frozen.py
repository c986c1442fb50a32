from __future__ import annotations

from pi_service.stream.frozen import FrozenDetector


def test_the_same_picture_for_long_enough_is_frozen() -> None:
    detector = FrozenDetector()

    verdicts = []
    for step in range(5):
        detector.is_new("a", now=12.0 * step)
        verdicts.append(detector.is_frozen(3, 12.0))

    assert verdicts == [False, False, False, True, True]


def test_a_different_picture_thaws_at_once() -> None:
    detector = FrozenDetector()
    for step in range(5):
        detector.is_new("a", now=12.0 * step)

    assert detector.is_new("b", now=60.0)
    assert not detector.is_frozen(3, 12.0)


def test_the_age_of_a_repeated_picture_counts_from_its_first_appearance() -> None:
    detector = FrozenDetector()
    detector.is_new("a", now=100.0)
    detector.is_new("a", now=130.0)

    assert (detector.first_seen, detector.seen_seconds) == (100.0, 30.0)


def test_no_picture_at_all_is_silence_and_not_frost() -> None:
    assert not FrozenDetector().is_frozen(2, 1.0)
