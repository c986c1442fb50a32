"""Which web pages may read pictures: the origins in `cors_origins`, and nobody else."""

from __future__ import annotations

from collections.abc import Collection

from flask import Response

METHODS = "GET, HEAD, OPTIONS"
_PREFLIGHT_SECONDS = 600
_READABLE = "Age, ETag, Retry-After, X-Snapshot-Sequence, X-Snapshot-Stale, X-Snapshot-Timestamp"


def preflight() -> Response:
    """The answer to OPTIONS; `headers_for` adds for whom it holds."""
    response = Response(status=204, headers={"Allow": METHODS})
    response.headers.remove("Content-Type")
    return response


def headers_for(origin: str | None, origins: Collection[str], method: str) -> list[tuple[str, str]]:
    """The CORS headers of an answer to a page from `origin`: none for a page that is not among `origins`."""
    headers = [("Vary", "Origin")]
    if origin is None or origin.lower() not in {allowed.lower() for allowed in origins}:
        return headers
    headers += [("Access-Control-Allow-Origin", origin), ("Access-Control-Expose-Headers", _READABLE)]
    if method == "OPTIONS":
        headers += [
            ("Access-Control-Allow-Methods", METHODS),
            ("Access-Control-Allow-Headers", "Authorization, X-API-Key, If-None-Match"),
            ("Access-Control-Max-Age", str(_PREFLIGHT_SECONDS)),
        ]
    return headers
