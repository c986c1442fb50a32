"""Asks the API whether it is alive, through its real port, as a client would."""

from __future__ import annotations

import http.client

PROBE_TIMEOUT_SECONDS = 5.0
_LOOPBACK_OF_ANY = {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "::": "::1"}  # noqa: S104  # compared with, not bound to


def probe(host: str, port: int, timeout_seconds: float = PROBE_TIMEOUT_SECONDS) -> str:
    """Why /healthz gave no 200 within the time; empty where it did. `host` is the address the API listens on."""
    connection = http.client.HTTPConnection(_LOOPBACK_OF_ANY.get(host, host), port, timeout=timeout_seconds)
    try:
        connection.request("GET", "/healthz", headers={"Connection": "close"})
        answer = connection.getresponse()
        answer.read()
    except (OSError, http.client.HTTPException) as error:
        return f"{type(error).__name__}: {error}"
    finally:
        connection.close()
    return "" if answer.status == 200 else f"/healthz answered {answer.status}"
