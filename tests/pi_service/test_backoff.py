from __future__ import annotations

from pi_service.backoff import Backoff


def test_waits_double_up_to_the_longest() -> None:
    backoff = Backoff(1, 60, jitter=lambda: 0.0)

    assert [backoff.next_seconds() for _ in range(8)] == [1, 2, 4, 8, 16, 32, 60, 60]


def test_jitter_shortens_a_wait_by_a_quarter_at_most() -> None:
    assert Backoff(8, 60, jitter=lambda: 1.0).next_seconds() == 6


def test_a_reset_begins_with_the_shortest_wait() -> None:
    backoff = Backoff(1, 60, jitter=lambda: 0.0)
    backoff.next_seconds()
    backoff.next_seconds()

    backoff.reset()

    assert backoff.next_seconds() == 1
    assert backoff.steps == 1


def test_a_camera_that_is_away_for_months_is_no_problem() -> None:
    backoff = Backoff(1, 60, jitter=lambda: 0.0)

    assert [backoff.next_seconds() for _ in range(5000)][-1] == 60
