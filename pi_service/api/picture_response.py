"""Answers that carry a picture, made once a second at most and then sent to everyone who asks."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from io import BytesIO
from typing import Any, NamedTuple

from flask import Response
from werkzeug.http import http_date, parse_etags

from pi_service.clock import rfc3339
from pi_service.snapshot_cache import Snapshot

FILE_WRAPPER = "wsgi.file_wrapper"
_Headers = list[tuple[str, str]]


class Moment(NamedTuple):
    """How a picture stands in time when it is asked for: all that changes between two answers."""

    captured_at: datetime
    age_seconds: int
    stale: bool


class PictureResponse(Response):
    """A finished answer. It never changes, so several requests may share it; Flask's usual copying is left out."""

    def __init__(self, status: int, headers: _Headers, *body: bytes) -> None:
        super().__init__(status=status, headers=headers)
        self._sent_headers = headers
        self._sent_body = body

    def get_wsgi_response(self, environ: dict[str, Any]) -> tuple[Iterable[bytes], str, _Headers]:
        """Body (none for HEAD), status line and headers."""
        body: Iterable[bytes] = () if environ["REQUEST_METHOD"] == "HEAD" else self._sent_body
        if body and FILE_WRAPPER in environ:  # waitress sends from a file object as it is, but copies plain bytes
            body = environ[FILE_WRAPPER](BytesIO(self._sent_body[0]))
        return body, self.status, self._sent_headers


class PictureResponses:
    """Makes PictureResponses and keeps the last one: until the next picture only the whole seconds of `Age` change."""

    def __init__(self) -> None:
        self._last: tuple[Snapshot, Moment, PictureResponse] | None = None

    def full(self, snapshot: Snapshot, moment: Moment) -> PictureResponse:
        """200 with the picture."""
        last = self._last
        if last is not None and last[0] is snapshot and last[1] == moment:
            return last[2]
        body_headers = [("Content-Type", "image/jpeg"), ("Content-Length", str(len(snapshot.image)))]
        response = PictureResponse(200, body_headers + _described(snapshot, moment), snapshot.image)
        self._last = (snapshot, moment, response)
        return response


def not_modified(snapshot: Snapshot, moment: Moment) -> PictureResponse:
    """304: the client has this very picture."""
    return PictureResponse(304, _described(snapshot, moment))


def client_has(snapshot: Snapshot, if_none_match: str) -> bool:
    """Whether an `If-None-Match` header names this picture: by a list of tags, weak or strong, or by `*`."""
    return parse_etags(if_none_match).contains_weak(_etag(snapshot))


def _described(snapshot: Snapshot, moment: Moment) -> _Headers:
    headers = [
        ("ETag", f'"{_etag(snapshot)}"'),
        ("Last-Modified", http_date(moment.captured_at)),
        ("Age", str(moment.age_seconds)),
        ("X-Snapshot-Timestamp", rfc3339(moment.captured_at)),
        ("X-Snapshot-Sequence", str(snapshot.sequence)),
        ("Cache-Control", "no-store"),
    ]
    return [*headers, ("X-Snapshot-Stale", "true")] if moment.stale else headers


def _etag(snapshot: Snapshot) -> str:
    """Number and content: a camera that sends the same bytes twice has still taken two pictures."""
    return f"{snapshot.sequence}-{snapshot.sha256[:32]}"
