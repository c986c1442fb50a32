"""A live log from its start on a page to its end, with a real Redis and a real sshd."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import redis
from rq import Queue

from control_ui.jobs import live_log as job
from control_ui.jobs.context import JobContext, make_context, using
from control_ui.jobs.stopping import STOPPING
from control_ui.models import Device, User
from control_ui.models.people import Role
from control_ui.models.scope import ScopedSession
from control_ui.services.errors import ConflictError, ForbiddenError, NotFoundError, UnavailableError
from control_ui.services.live_logs import keys, relaying, watching
from control_ui.services.live_logs.watching import Seen
from control_ui.services.redaction import KnownSecrets
from control_ui.settings import Settings
from control_ui.work_queue import LIVE_LOGS, RUNS, WorkQueue
from tests.control_ui import factories
from tests.control_ui.conftest import NOW
from tests.control_ui.live_logs.sshd import Sshd, new_key, serving
from tests.control_ui.people.cast import trail
from tests.control_ui.servers import free_port
from tests.pi_service.waiting import wait_for


@pytest.fixture(scope="module")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    with serving(tmp_path_factory.mktemp("sshd")) as server:
        yield server


@dataclass
class Watcher:
    """An operator who looks at the log of one device."""

    session: ScopedSession
    redis: redis.Redis
    here: JobContext
    device: Device
    user: User

    def start(self) -> str:
        return watching.start(self.session, self.redis, factories.actor(self.user), self.device, NOW)

    def read(self, log_id: str, after: int = 0, user: User | None = None) -> Seen:
        return watching.read(self.redis, log_id, factories.actor(user or self.user), self.device, after, NOW)

    def follow(self, log_id: str) -> threading.Thread:
        """As a worker does."""

        def work() -> None:
            job.follow(log_id)

        thread = threading.Thread(target=work)
        thread.start()
        return thread


@pytest.fixture
def watcher(session: ScopedSession, redis_client: redis.Redis, settings: Settings, sshd: Sshd) -> Iterator[Watcher]:
    settings.ssh_key_dir.mkdir(parents=True)
    (settings.ssh_key_dir / "default").write_bytes(sshd.key_file.read_bytes())
    (settings.ssh_key_dir / "default").chmod(0o600)
    tenant = factories.tenant(session, "ours")
    device = factories.device(
        session, tenant, "pi-east", ssh_port=sshd.port, ssh_user=sshd.user, ssh_host_keys=[sshd.host_key],
        camera_password="hunter2-secret",
    )  # fmt: skip
    user = factories.user(session, tenant, Role.OPERATOR)
    session.commit()
    here = make_context(settings)
    with using(here):
        yield Watcher(session, redis_client, here, device, user)
    here.close()


def entry(message: Any, **more: Any) -> str:
    fields = {"__REALTIME_TIMESTAMP": "1772600767250000", "_SYSTEMD_UNIT": "carwash-stream.service", "PRIORITY": "4"}
    return json.dumps({**fields, "MESSAGE": message, **more})


def printing(sshd: Sshd, *entries: str, then: str = "sleep 60") -> None:
    journal = sshd.directory / "journal"
    journal.write_text("".join(f"{one}\n" for one in entries))
    sshd.say(f"cat {journal}; {then}")


def test_lines_reach_who_watches_and_it_ends_within_seconds_of_their_leaving(
    watcher: Watcher, sshd: Sshd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job, "LOOK_SECONDS", 0.1)
    printing(sshd, entry("the camera went away"), entry("rtsp://viewer:hunter2-secret@192.0.2.7/ and hunter2-secret"))
    log_id = watcher.start()
    assert watcher.read(log_id).state == keys.WAITING
    worker = watcher.follow(log_id)
    wait_for("two lines", lambda: watcher.read(log_id).next == 2)
    seen = watcher.read(log_id)
    assert (seen.state, seen.over) == (keys.FOLLOWING, False)
    assert seen.lines[0] == {
        "at": "2026-03-04T05:06:07.250+00:00", "unit": "carwash-stream", "priority": 4,
        "message": "the camera went away",
    }  # fmt: skip
    assert seen.lines[1]["message"] == "rtsp://viewer:***@192.0.2.7/ and ***"
    assert "hunter2-secret" not in str(watcher.redis.lrange(keys.lines_of(log_id), 0, -1))
    assert watcher.read(log_id, after=2).lines == []
    watcher.redis.delete(keys.viewer_of(log_id))  # as it expires when nobody asks
    worker.join(timeout=10)
    assert not worker.is_alive()
    ended = watcher.read(log_id, after=2)
    assert (ended.state, ended.over, ended.why) == (keys.ENDED, True, "nobody was watching any more")


def test_the_viewers_asking_is_what_keeps_it_alive(watcher: Watcher) -> None:
    log_id = watcher.start()
    assert 0 < watcher.redis.ttl(keys.viewer_of(log_id)) <= keys.VIEWER_SECONDS
    watcher.redis.delete(keys.viewer_of(log_id))
    watcher.read(log_id)
    assert watcher.redis.exists(keys.viewer_of(log_id))
    assert 0 < watcher.redis.ttl(keys.key_of(log_id)) <= keys.KEEP_SECONDS


def test_it_ends_when_it_is_stopped(watcher: Watcher, sshd: Sshd, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job, "LOOK_SECONDS", 0.1)
    printing(sshd, entry("on"))
    log_id = watcher.start()
    worker = watcher.follow(log_id)
    wait_for("a line", lambda: watcher.read(log_id).next)
    watching.stop(watcher.redis, log_id, factories.actor(watcher.user), watcher.device)
    worker.join(timeout=10)
    assert not worker.is_alive()
    assert watcher.read(log_id).over


@pytest.mark.parametrize(
    ("limit", "words"), [("MOST_LINES", "2 lines were shown"), ("LONGEST_SECONDS", "for 0 minutes: start it again")]
)
def test_it_is_bounded(watcher: Watcher, sshd: Sshd, monkeypatch: pytest.MonkeyPatch, limit: str, words: str) -> None:
    monkeypatch.setattr(relaying, limit, 2 if limit == "MOST_LINES" else 0)
    printing(sshd, *(entry(f"line {number}") for number in range(50)))
    log_id = watcher.start()
    job.follow(log_id)
    seen = watcher.read(log_id)
    assert words in seen.why
    assert seen.over
    assert limit != "MOST_LINES" or len(seen.lines) == 2


def test_a_worker_that_is_stopped_lets_go(watcher: Watcher, sshd: Sshd) -> None:
    printing(sshd, entry("on"))
    log_id = watcher.start()
    STOPPING.set()
    try:
        job.follow(log_id)
    finally:
        STOPPING.clear()
    assert "worker was stopped" in watcher.read(log_id).why


def test_another_host_key_is_told_and_nothing_is_read(watcher: Watcher, sshd: Sshd, tmp_path: Path) -> None:
    watcher.device.ssh_host_keys = [new_key(tmp_path / "stranger")]
    watcher.session.commit()
    log_id = watcher.start()
    job.follow(log_id)
    seen = watcher.read(log_id)
    assert (seen.lines, seen.over) == ([], True)
    assert "not this Pi" in seen.why


def test_a_missing_key_file_is_told(watcher: Watcher) -> None:
    (watcher.here.settings.ssh_key_dir / "default").unlink()
    log_id = watcher.start()
    job.follow(log_id)
    assert "there is no SSH private key for 'ours'" in watcher.read(log_id).why


def test_a_job_that_comes_twice_or_too_late_does_nothing(watcher: Watcher, sshd: Sshd) -> None:
    log_id = watcher.start()
    assert relaying.claim(watcher.redis, log_id) == watcher.device.id
    before = sshd.asked.read_text()
    job.follow(log_id)
    job.follow("no-such-log")
    late = watcher.start()
    watcher.redis.delete(keys.viewer_of(late))
    job.follow(late)
    assert sshd.asked.read_text() == before
    assert "when its turn came" in watcher.read(late).why


def test_a_worker_that_fails_says_so(watcher: Watcher, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for a log whose worker has stumbled (the database went away, say)."""

    def stumble(*_: Any) -> None:
        raise RuntimeError("hunter2-secret")

    monkeypatch.setattr(relaying, "describe", stumble)
    log_id = watcher.start()
    with pytest.raises(RuntimeError):
        job.follow(log_id)
    assert watcher.read(log_id).why == "the worker failed: RuntimeError; its log has the rest"


def test_starting_it_is_in_the_audit_trail(watcher: Watcher) -> None:
    watcher.start()
    (found,) = trail(watcher.here.sessions, "device.follow_log")
    assert (found.actor_name, found.subject_name) == (watcher.user.email, "pi-east")


def test_who_may_not_operate_the_fleet_may_not_follow_a_log(watcher: Watcher) -> None:
    watcher.user = factories.user(watcher.session, None, Role.AUDITOR)
    with pytest.raises(ForbiddenError):
        watcher.start()


def test_a_log_is_only_for_who_started_it_and_of_this_device(watcher: Watcher) -> None:
    log_id = watcher.start()
    with pytest.raises(NotFoundError):
        watcher.read(log_id, user=factories.user(watcher.session, None, Role.PLATFORM_ADMIN))
    watcher.device = factories.device(watcher.session, factories.tenant(watcher.session))
    with pytest.raises(NotFoundError):
        watcher.read(log_id)


@pytest.mark.parametrize(("missing", "words"), [("address", "no address"), ("ssh_host_keys", "no SSH host key")])
def test_a_device_that_cannot_be_reached_safely_is_not_even_tried(watcher: Watcher, missing: str, words: str) -> None:
    setattr(watcher.device, missing, "" if missing == "address" else [])
    with pytest.raises(ConflictError, match=words):
        watcher.start()


def test_without_redis_there_is_a_reason_and_nothing_in_the_trail(watcher: Watcher) -> None:
    watcher.redis = redis.Redis(port=free_port())
    with pytest.raises(UnavailableError, match="Redis"):
        watcher.start()
    watcher.session.rollback()
    assert trail(watcher.here.sessions, "device.follow_log") == []


def test_it_has_a_queue_of_its_own(watcher: Watcher) -> None:
    WorkQueue(watcher.redis).follow_log("some-log")
    (waiting,) = Queue(LIVE_LOGS, connection=watcher.redis).get_jobs()
    assert (waiting.func_name, waiting.args) == ("control_ui.jobs.live_log.follow", ("some-log",))
    assert Queue(RUNS, connection=watcher.redis).get_jobs() == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (entry([72, 228, 104]), "H\N{REPLACEMENT CHARACTER}h"),
        (entry(None), ""),
        (entry([1000]), ""),
        (entry("x" * 5000), "x" * 2000),
        (entry("a\x00b"), "ab"),
        (entry("late", PRIORITY="99"), "late"),
    ],
)
def test_odd_entries_of_the_journal_are_shown_as_far_as_they_go(text: str, message: str) -> None:
    line = relaying.line_of(text, KnownSecrets([]))
    assert line is not None
    assert line["message"] == message


@pytest.mark.parametrize("text", ["", "nonsense", "[]", "{}", '{"__REALTIME_TIMESTAMP": "x"}', "[" * 5000])
def test_what_is_no_entry_is_left_out(text: str) -> None:
    assert relaying.line_of(text, KnownSecrets([])) is None
