"""A car wash controller: asks its Pi for the picture of the car that just drove in, and notes what it got.

It is the judge in tests and benchmarks: it believes the time code in the picture rather than the headers.
"""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial

from virtual_fleet import timecode


@dataclass(frozen=True)
class Answer:
    """One request's outcome. `status` is None where no answer came, and `error` says why."""

    asked_at: float
    """When the request was sent, Unix seconds."""
    latency_seconds: float
    status: int | None
    headers: dict[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    error: str = ""

    @property
    def is_fresh_picture(self) -> bool:
        """A plain 200: the site claims that the picture is not stale."""
        return self.status == 200 and "x-snapshot-stale" not in self.headers


def fetch(address: str, api_key: str, path: str = "/api/snapshot", *, port: int = 8080, timeout: float = 2) -> Answer:
    """Ask the site at `address` once, on a connection of its own. Never raises: a failure is an answer too."""
    asked_at, started = time.time(), time.monotonic()
    connection = http.client.HTTPConnection(address, port, timeout=timeout)
    try:
        connection.request("GET", path, headers={"X-API-Key": api_key})
        response = connection.getresponse()
        body = response.read()
        headers = {name.lower(): value for name, value in response.getheaders()}
        return Answer(asked_at, time.monotonic() - started, response.status, headers, body)
    except (OSError, http.client.HTTPException) as problem:
        return Answer(asked_at, time.monotonic() - started, None, {}, b"", repr(problem))
    finally:
        connection.close()


class Controller:
    """Polls one site at a steady rate in the background, as a context manager."""

    def __init__(self, address: str, api_key: str, *, rate_hz: float = 10, timeout: float = 2) -> None:
        self._ask = partial(fetch, address, api_key, timeout=timeout)
        self._period_seconds = 1 / rate_hz
        self._answers: list[Answer] = []
        self._capture_times: dict[str, float] = {}
        self._arrived = threading.Condition()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._poll, name=f"controller of {address}", daemon=True)

    def __enter__(self) -> Controller:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    @property
    def answers(self) -> list[Answer]:
        """Everything so far, oldest first."""
        with self._arrived:
            return list(self._answers)

    def wait_for(self, wanted: Callable[[Answer], bool], *, timeout: float, since: float | None = None) -> Answer:
        """The first answer to a request sent after `since` (Unix seconds, default now) that is `wanted`.

        Raises TimeoutError that tells the last answer seen.
        """
        since = time.time() if since is None else since
        deadline = time.monotonic() + timeout
        looked_at = 0
        while True:
            with self._arrived:
                if len(self._answers) == looked_at:
                    self._arrived.wait(max(0.0, deadline - time.monotonic()))
                new = self._answers[looked_at:]
            looked_at += len(new)
            found = next((answer for answer in new if answer.asked_at >= since and wanted(answer)), None)
            if found:
                return found
            if time.monotonic() >= deadline:
                last = self.answers[-1] if self.answers else "no answer at all"
                raise TimeoutError(f"nothing wanted within {timeout} s; the last was {last}")

    def wait_for_fresh_picture(self, *, timeout: float, since: float | None = None) -> Answer:
        """The first plain 200 whose picture was really captured after `since` (Unix seconds, default now)."""
        since = time.time() if since is None else since
        return self.wait_for(
            lambda answer: answer.is_fresh_picture and self._captured_at(answer) >= since, timeout=timeout, since=since
        )

    def stale_pictures_served_as_fresh(self, *, at_most_seconds: float) -> list[tuple[Answer, float]]:
        """Every plain 200 whose picture was captured longer ago than it may be, with its true age in seconds."""
        ages = (
            (answer, answer.asked_at + answer.latency_seconds - self._captured_at(answer))
            for answer in self.answers
            if answer.is_fresh_picture
        )
        return [(answer, age) for answer, age in ages if age > at_most_seconds]

    def _captured_at(self, answer: Answer) -> float:
        """When the picture was really captured, by its own time code, Unix seconds."""
        etag = answer.headers["etag"]
        if etag not in self._capture_times:
            self._capture_times[etag] = timecode.read(answer.body)
        return self._capture_times[etag]

    def _poll(self) -> None:
        next_at = time.monotonic()
        while not self._stop.wait(max(0.0, next_at - time.monotonic())):
            answer = self._ask()
            with self._arrived:
                if self._answers and answer.body == self._answers[-1].body:
                    answer = replace(answer, body=self._answers[-1].body)  # one copy in memory, not one an answer
                self._answers.append(answer)
                self._arrived.notify_all()
            next_at = max(next_at + self._period_seconds, time.monotonic())
