"""The control plane asks a Pi over real HTTP; whatever answers there, it gets a picture or a reason, and soon."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator

import pytest

from control_ui.services.errors import UnavailableError
from control_ui.services.pictures import asking, latest
from control_ui.services.pictures.keys import PictureKeys, picture_keys
from control_ui.services.pictures.latest import Pictures, Source
from tests.control_ui.pictures.pi import JPEG, MOMENT, Pi, listening
from tests.control_ui.servers import free_port

SOURCE = Source(17, "127.0.0.1")


@pytest.fixture(autouse=True)
def _keys() -> None:
    picture_keys.load("a secret key of these tests, which is long enough")


@pytest.fixture
def pi() -> Iterator[Pi]:
    with listening() as pi:
        yield pi


def reason(pictures: Pictures, source: Source = SOURCE) -> str:
    with pytest.raises(UnavailableError) as caught:
        pictures.latest(source)
    return caught.value.detail


def problem(pi: Pi, status: int, detail: str) -> None:
    pi.status, pi.headers = status, {"Content-Type": "application/problem+json", "Retry-After": "12"}
    pi.body = json.dumps({"title": "x", "status": status, "detail": detail}).encode()


def test_a_picture_comes_with_its_age_and_is_asked_for_with_the_key_of_this_device(pi: Pi) -> None:
    picture = Pictures(pi.port).latest(SOURCE)
    assert (picture.image, picture.captured_at, picture.stale) == (JPEG, MOMENT, False)
    assert 5 <= picture.age_seconds < 7
    assert pi.asked == [("/api/snapshot?allow_stale=1", picture_keys.key_of(17))]


def test_a_stale_picture_says_so(pi: Pi) -> None:
    pi.headers |= {"X-Snapshot-Stale": "true", "Age": "4000"}
    picture = Pictures(pi.port).latest(SOURCE)
    assert picture.stale
    assert picture.age_seconds >= 4000


@pytest.mark.parametrize(
    ("headers", "body", "words"),
    [
        ({"Content-Type": "text/html"}, JPEG, "it sent text/html"),
        ({"Content-Type": "image/jpeg"}, b"<html>", "no snapshot service"),
        ({}, JPEG, "something without a type"),
    ],
)
def test_what_is_no_picture_is_not_passed_on(pi: Pi, headers: dict[str, str], body: bytes, words: str) -> None:
    pi.headers, pi.body = headers, body
    assert words in reason(Pictures(pi.port))


def test_a_redirect_is_not_followed(pi: Pi) -> None:
    pi.status, pi.headers = 302, {"Location": f"http://127.0.0.1:{pi.port}/elsewhere", "Content-Type": "text/html"}
    assert "answered 302" in reason(Pictures(pi.port))
    assert [path for path, _ in pi.asked] == ["/api/snapshot?allow_stale=1"]


def test_a_huge_body_is_not_read_to_its_end(pi: Pi) -> None:
    sent: list[int] = []

    def pieces() -> Iterator[bytes]:
        for number in range(1000):
            sent.append(number)
            yield b"\xff" * 1024 * 1024

    pi.pieces = pieces
    assert "larger than 5 MB" in reason(Pictures(pi.port))
    assert len(sent) < 50


def test_a_body_that_drips_is_given_up(pi: Pi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "WHOLE_SECONDS", 0.3)

    sent: list[int] = []

    def pieces() -> Iterator[bytes]:
        for number in range(100):
            pi.over.wait(0.1)  # the pace of a bad line
            sent.append(number)
            yield b"\xff"

    pi.pieces = pieces
    assert "too slow" in reason(Pictures(pi.port))
    assert len(sent) < 100, "it was not waited for to the end"


def test_a_pi_that_says_nothing_is_not_waited_for(pi: Pi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "READ_SECONDS", 0.2)
    pi.silent_seconds = 1.0
    assert "said nothing" in reason(Pictures(pi.port))


def test_a_port_where_nothing_listens() -> None:
    assert "refuses the connection" in reason(Pictures(free_port()))


def test_without_an_address_nobody_is_asked() -> None:
    assert "no address" in reason(Pictures(), Source(17, ""))


def test_no_proxy_of_the_environment_comes_between(pi: Pi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{free_port()}")
    assert Pictures(pi.port).latest(SOURCE).image == JPEG


def test_a_refused_key_and_a_missing_picture_are_told_in_words(pi: Pi) -> None:
    problem(pi, 401, "no key")
    assert "does not accept the control plane's key" in reason(Pictures(pi.port))
    problem(pi, 503, "rtsp://viewer:hunter2@192.0.2.7/ is away")
    words = reason(Pictures(pi.port))
    assert words == "the Pi has no fresh picture: rtsp://viewer:***@192.0.2.7/ is away"


def test_many_viewers_are_one_question(pi: Pi) -> None:
    now = [1000.0]
    pictures = Pictures(pi.port, clock=lambda: now[0])
    ages = []
    for _ in range(5):
        ages.append(pictures.latest(SOURCE).age_seconds)
        now[0] += 0.5
    assert len(pi.asked) == 2, "one for each two seconds"
    assert ages == [5.0, 5.5, 6.0, 6.5, 5.0], "and the age grows meanwhile"
    pictures.latest(Source(18, "127.0.0.1"))
    assert len(pi.asked) == 3, "another device is another question"


def test_a_failure_is_not_asked_for_again_at_once(pi: Pi) -> None:
    now = [1000.0]
    pictures = Pictures(pi.port, clock=lambda: now[0])
    problem(pi, 401, "no key")
    for _ in range(3):
        reason(pictures)
    assert len(pi.asked) == 1
    now[0] += latest.KEEP_FAILURE_SECONDS
    pi.status, pi.headers, pi.body = 200, {"Content-Type": "image/jpeg", "Age": "1"}, JPEG
    assert pictures.latest(SOURCE).image == JPEG


def test_only_so_many_pis_are_asked_at_a_time(pi: Pi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(latest, "PATIENCE_SECONDS", 0.05)
    pictures = Pictures(pi.port)
    for _ in range(latest.AT_A_TIME):
        pictures._places.acquire()
    assert "other sites are being asked" in reason(pictures)


def test_a_trial_tells_what_a_controller_would_get(pi: Pi) -> None:
    trial = Pictures(pi.port).as_a_controller(SOURCE)
    assert trial.good
    assert trial.answered is not None
    assert (trial.answered.status, trial.answered.headers["X-Snapshot-Sequence"]) == (200, "77")
    assert "Set-Cookie" not in trial.answered.headers
    assert 0 < trial.answered.seconds < 5
    assert pi.asked[-1][0] == "/api/snapshot", "a stale picture is none to a controller"
    problem(pi, 503, "the camera is away")
    trial = Pictures(pi.port).as_a_controller(SOURCE)
    assert (trial.good, trial.verdict) == (False, "the Pi has no fresh picture: the camera is away")
    assert trial.answered is not None
    assert trial.answered.headers["Retry-After"] == "12"


def test_a_trial_without_an_answer_says_why() -> None:
    trial = Pictures(free_port()).as_a_controller(SOURCE)
    assert (trial.good, trial.answered) == (False, None)
    assert "refuses" in trial.verdict


def test_what_answers_without_http_is_told() -> None:
    def answer() -> None:
        connection, _ = server.accept()
        with connection:
            connection.recv(4096)
            connection.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=answer)
        thread.start()
        assert "does not speak HTTP" in reason(Pictures(server.getsockname()[1]))
        thread.join()


def test_each_device_and_each_control_plane_has_a_key_of_its_own() -> None:
    ours, theirs = PictureKeys(), PictureKeys()
    ours.load("one secret key that is long enough for this")
    theirs.load("another secret key that is long enough for it")
    keys = {ours.key_of(1), ours.key_of(2), theirs.key_of(1)}
    assert len(keys) == 3
    assert all(len(key) == 43 for key in keys)
    assert ours.key_of(1) == ours.key_of(1)
    assert ours.entry_of(1)["sha256"] not in ours.key_of(1)
