"""One question to the snapshot API of a Pi, within limits of time and size, whatever answers there."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import requests
from urllib3.exceptions import HTTPError

from control_ui.services.errors import UnavailableError

CONNECT_SECONDS = 1.0
READ_SECONDS = 2.0
"""Between two bytes."""
WHOLE_SECONDS = 5.0
LARGEST_BYTES = 5 * 1024 * 1024
_PIECE_BYTES = 64 * 1024
_LONGEST_HEADER = 200
TOLD_HEADERS = (
    "Content-Type", "Content-Length", "Age", "X-Snapshot-Timestamp", "X-Snapshot-Sequence", "X-Snapshot-Stale", "ETag",
    "Last-Modified", "Cache-Control", "Retry-After", "Location",
)  # fmt: skip
"""The others are nobody's business: anything may listen at an address that somebody has entered."""


@dataclass(frozen=True)
class Answered:
    """What came back, and how long it took to its last byte."""

    status: int
    headers: dict[str, str]
    body: bytes = field(repr=False)
    seconds: float


def ask(url: str, key: str) -> Answered:
    """GET with the key. Redirects are not followed. Raises UnavailableError with a sentence that says what to look
    at."""
    started = time.monotonic()
    headers = {"X-API-Key": key, "Accept": "image/jpeg, application/problem+json", "Accept-Encoding": "identity"}
    try:
        with requests.Session() as session:
            session.trust_env = False  # no proxy of the environment stands between here and a Pi
            with session.get(
                url, headers=headers, timeout=(CONNECT_SECONDS, READ_SECONDS), stream=True, allow_redirects=False
            ) as response:
                body = b"".join(_pieces(response, started))
                told = {name: response.headers[name] for name in TOLD_HEADERS if name in response.headers}
                status = response.status_code
    except requests.ConnectTimeout as error:
        raise UnavailableError(
            f"the Pi does not answer within {CONNECT_SECONDS:g} s: is it on, and is its address right?"
        ) from error
    except requests.Timeout as error:
        raise UnavailableError(f"the Pi took the question and said nothing for {READ_SECONDS:g} s") from error
    except (requests.RequestException, HTTPError, OSError) as error:
        raise UnavailableError(f"the Pi cannot be asked: {_words(error)}") from error
    short = {name: value[:_LONGEST_HEADER] for name, value in told.items()}
    return Answered(status, short, body, time.monotonic() - started)


def _pieces(response: requests.Response, started: float) -> Iterator[bytes]:
    """As they come, so that one who sends a byte now and then does not hold us for ever."""
    received = 0
    while piece := response.raw.read1(_PIECE_BYTES):
        received += len(piece)
        if received > LARGEST_BYTES:
            raise UnavailableError(f"the answer is larger than {LARGEST_BYTES // 1024**2} MB, so it is no picture")
        if time.monotonic() - started > WHOLE_SECONDS:
            raise UnavailableError(f"the answer was not there after {WHOLE_SECONDS:g} s: the line is too slow")
        yield piece


def _words(error: Exception) -> str:
    """The cause without addresses of objects and urls."""
    text = str(error)
    if "Connection refused" in text:
        return "it refuses the connection: the snapshot service does not run, or a firewall says no"
    if "Name or service not known" in text or "Failed to resolve" in text:
        return "the name of its address is not known"
    if "No route to host" in text or "Network is unreachable" in text:
        return "there is no route to its address"
    if isinstance(error, requests.ConnectionError | HTTPError):
        return "the connection broke off in the middle, or what answers does not speak HTTP"
    return "the address is no address that can be asked"
