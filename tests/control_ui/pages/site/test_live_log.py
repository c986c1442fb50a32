"""The page of a live log: started by a form, read on while it polls, stopped; what relays it is tested by itself."""

from __future__ import annotations

import pytest
import redis
from rq import Queue

from control_ui.models.people import Role
from control_ui.services.live_logs import relaying
from control_ui.services.live_logs.keys import viewer_of
from control_ui.work_queue import LIVE_LOGS
from tests.control_ui.pages.browser import csrf_token, sign_in
from tests.control_ui.pages.site.conftest import Desk
from tests.control_ui.pages.site.test_overview import words
from tests.control_ui.people.cast import Cast

LINE = {"at": "2026-03-04T05:06:07.250+00:00", "unit": "carwash-stream", "priority": 3, "message": "<b>ffmpeg</b> died"}


@pytest.fixture
def log_id(desk: Desk, redis_client: redis.Redis) -> str:
    answer = desk.post("/logs/live")
    assert answer.status_code == 303
    log_id = answer.headers["Location"].rpartition("/")[2]
    (job,) = Queue(LIVE_LOGS, connection=redis_client).get_jobs()
    assert job.args == (log_id,)
    return log_id


def test_it_waits_is_read_on_and_ends(desk: Desk, redis_client: redis.Redis, log_id: str) -> None:
    path = f"/logs/live/{log_id}"
    shown = desk.get(path).text
    assert "waits for a worker" in shown
    assert 'hx-trigger="every 1s"' in shown
    relaying.claim(redis_client, log_id)
    relaying.pass_on(redis_client, log_id, [LINE, LINE])
    more = desk.get(f"{path}/lines?after=0").text
    assert more.count("&lt;b&gt;ffmpeg&lt;/b&gt; died") == 2
    assert 'hx-swap-oob="beforeend:#live-lines"' in more
    assert "2026-03-03 23:06:07" in more
    assert "after=2" in more
    assert "following" in more
    quiet = desk.get(f"{path}/lines?after=2").text
    assert "ffmpeg" not in quiet
    assert "hx-swap-oob" not in quiet
    relaying.end(redis_client, log_id, "the connection to the Pi broke off")
    ended = desk.get(f"{path}/lines?after=2").text
    assert "The connection to the Pi broke off." in words(ended)
    assert "hx-trigger" not in ended
    assert "Follow again" in ended


def test_stopping_ends_it(desk: Desk, redis_client: redis.Redis, log_id: str) -> None:
    assert redis_client.exists(viewer_of(log_id))
    assert desk.post(f"/logs/live/{log_id}/stop").status_code == 303
    assert not redis_client.exists(viewer_of(log_id))


def test_one_that_is_forgotten_is_told_once(desk: Desk, redis_client: redis.Redis, log_id: str) -> None:
    redis_client.flushall()
    ended = desk.get(f"/logs/live/{log_id}/lines?after=2")
    assert ended.status_code == 200
    assert "start it again" in ended.text
    assert "hx-trigger" not in ended.text
    back = desk.get(f"/logs/live/{log_id}")
    assert (back.status_code, back.headers["Location"]) == (303, f"{desk.base}/logs")


def test_a_colleague_cannot_look_over_the_shoulder(
    desk: Desk, cast: Cast, log_id: str, redis_client: redis.Redis
) -> None:
    relaying.pass_on(redis_client, log_id, [LINE])
    with desk.client.session_transaction() as session:
        session.clear()
    sign_in(desk.client, cast[Role.ADMIN])
    assert "ffmpeg" not in desk.get(f"/logs/live/{log_id}/lines").text
    assert desk.get(f"/logs/live/{log_id}").status_code == 303


@pytest.mark.parametrize(("field", "words_of_it"), [("address", "no address"), ("ssh_host_keys", "no SSH host key")])
def test_where_it_cannot_be_followed_the_page_says_why(desk: Desk, field: str, words_of_it: str) -> None:
    setattr(desk.device, field, "" if field == "address" else [])
    answer = desk.client.post(
        f"{desk.base}/logs/live", data={"csrf_token": token(desk)}, headers={"Accept": "text/html"}
    )
    assert answer.status_code == 409
    assert words_of_it in answer.text


def token(desk: Desk) -> str:
    desk.session.commit()
    return csrf_token(desk.client, "/account")
