"""Looking on: how far a run is, and what it says."""

from __future__ import annotations

from datetime import timedelta

import pytest
import redis

from control_ui.models import Run, RunEvent
from control_ui.models.runs import HostOutcome, SliceState
from control_ui.models.scope import ALL_TENANTS, ScopedSession, SessionFactory
from control_ui.services.runs import output, progress, slices
from control_ui.services.runs.requests import RunRequest, request
from tests.control_ui.conftest import NOW
from tests.control_ui.runs import flow
from tests.control_ui.runs.conftest import Fleet


@pytest.fixture
def run(session: ScopedSession, fleet: Fleet) -> Run:
    """Running, in two slices: pi-01 and pi-02, pi-03."""
    run = request(session, fleet.actor, RunRequest("look", {"device_ids": fleet.ids()}), NOW)
    flow.begun(session, run, hosts_per_slice=2)
    return flow.fresh(session, run)


def say(session: ScopedSession, run: Run, number: int, *lines: tuple[str, str]) -> None:
    """Events of a slice: each of a host, with its output."""
    part = flow.parts(session, run)[number - 1]
    for counter, (host, stdout) in enumerate(lines, start=1):
        at = NOW + timedelta(seconds=counter)
        session.add(
            RunEvent(
                tenant_id=run.tenant_id, slice_id=part.id, run_id=run.id, counter=counter, at=at, kind="runner_on_ok",
                host=host or None, stdout=stdout,
            )
        )  # fmt: skip
    session.commit()


def test_progress_comes_from_the_workers(session: ScopedSession, redis_client: redis.Redis, run: Run) -> None:
    progress.publish(redis_client, run.id, 1, {"in flight": 1, "ok": 1}, "Look")
    assert progress.read(session, redis_client, run) == {
        "counts": {"in flight": 1, "ok": 1, "pending": 1, "total": 3},
        "tasks": ["Look"],
        "live": True,
    }


def test_every_change_is_told_on_a_channel(redis_client: redis.Redis, run: Run) -> None:
    listener = redis_client.pubsub(ignore_subscribe_messages=True)  # type: ignore[no-untyped-call]  # it has no types
    listener.subscribe(progress.key(run.id))
    listener.get_message(timeout=5)
    progress.publish(redis_client, run.id, 1, {"ok": 2}, "")
    message = listener.get_message(timeout=5)
    listener.close()
    assert message is not None
    assert message["data"] == b'{"slice": 1, "counts": {"ok": 2}, "task": ""}'


def test_without_redis_it_is_counted_in_the_database(session: ScopedSession, run: Run) -> None:
    flow.report(session, run, "pi-01", HostOutcome.OK)
    nobody = redis.Redis(port=1, socket_connect_timeout=1)
    expected = {"counts": {"ok": 1, "pending": 2, "total": 3}, "tasks": [], "live": False}
    assert progress.read(session, nobody, run) == expected


def test_of_a_run_that_is_over_the_database_has_the_last_word(
    session: ScopedSession, redis_client: redis.Redis, run: Run
) -> None:
    progress.publish(redis_client, run.id, 1, {"in flight": 2}, "Look")
    for part in flow.parts(session, run):
        slices.end(session, part.id, SliceState.LOST, "", NOW)
    read = progress.read(session, redis_client, flow.fresh(session, run))
    assert read == {"counts": {"pending": 3, "total": 3}, "tasks": [], "live": False}


@pytest.fixture
def told(session: ScopedSession, run: Run, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setattr(output, "PIECE", 2)
    say(session, run, 1, ("", "PLAY [Look]"), ("pi-01", "ok: [pi-01]\n  more"), ("pi-02", ""), ("pi-02", "ok: [pi-02]"))
    say(session, run, 2, ("", "PLAY [Look]"), ("pi-03", "ok: [pi-03]"))
    return run


WHOLE = "PLAY [Look]\nok: [pi-01]\n  more\nok: [pi-02]\nPLAY [Look]\nok: [pi-03]\n"


def test_the_output_is_whole_and_in_order_piece_by_piece(sessions: SessionFactory, told: Run) -> None:
    pieces = list(output.text(sessions, ALL_TENANTS, told, None))
    assert "".join(pieces) == WHOLE
    assert len(pieces) > 2


def test_a_host_s_part_of_it_is_what_is_about_that_host(sessions: SessionFactory, told: Run) -> None:
    assert "".join(output.text(sessions, ALL_TENANTS, told, "pi-02")) == "ok: [pi-02]\n"


@pytest.mark.parametrize("lines", range(1, 8))
def test_the_tail_is_the_end_of_the_whole(session: ScopedSession, told: Run, lines: int) -> None:
    assert output.tail(session, told, None, lines) == "".join(WHOLE.splitlines(keepends=True)[-lines:])


def test_a_host_s_tail_is_the_end_of_its_part(session: ScopedSession, told: Run) -> None:
    assert output.tail(session, told, "pi-01", 1) == "  more\n"


def test_who_goes_on_from_what_they_have_seen_misses_nothing(session: ScopedSession, told: Run) -> None:
    seen: dict[int, int] = {}
    found: list[str] = []
    while True:
        events, seen = output.after(session, told, seen, 2, None)
        if not events:
            break
        found += [event.stdout for event in events if event.stdout]
    assert "\n".join(found) + "\n" == WHOLE
    part = flow.parts(session, told)[0]
    session.add(
        RunEvent(
            tenant_id=told.tenant_id, slice_id=part.id, run_id=told.id, counter=5, at=NOW, kind="verbose", stdout="late"
        )
    )
    session.commit()
    events, _ = output.after(session, told, seen, 10, None)
    assert [event.stdout for event in events] == ["late"]
