"""What connections to the database are like."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from control_ui.database import make_engine

NOTICED_SECONDS = 30


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_postgresql_that_vanishes_is_noticed_within_half_a_minute(database_url: str) -> None:
    """By the kernel: whether a statement waits for its answer, or its bytes for their acknowledgement."""
    engine = make_engine(database_url)
    with engine.connect() as connection:
        raw: Any = connection.connection.driver_connection
        with socket.socket(fileno=socket.dup(raw.fileno())) as link:
            idle, interval, count, unacknowledged_ms = (
                link.getsockopt(socket.IPPROTO_TCP, option)
                for option in (
                    socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT, socket.TCP_USER_TIMEOUT,
                )
            )  # fmt: skip
            assert link.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
    engine.dispose()
    assert idle + count * interval <= NOTICED_SECONDS
    assert 0 < unacknowledged_ms <= NOTICED_SECONDS * 1000
