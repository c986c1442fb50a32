"""Looks for a planted secret in everything that is kept: every column of every table, and on SQLite the files
themselves.

    planted = "hunter2-of-this-test"
    ...
    assert traces_of(planted, everything_in(session), answer.text, caplog.text) == []
"""

from __future__ import annotations

import base64
import json
from pathlib import Path
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy.orm import Session


def everything_in(session: Session) -> str:
    """The whole database as it lies there, bytes read as Latin-1: what a thief of the disk would read."""
    session.commit()
    connection = session.connection()
    parts = [_table(connection, table) for table in sa.inspect(connection).get_table_names()]
    session.commit()
    return "\n".join([*parts, *_files(session)])


def traces_of(secret: str, *places: str) -> list[str]:
    """Where the secret stands, in clear or in a form that anybody reads: the words around each trace."""
    found = []
    for place in places:
        for form in _forms(secret):
            at = place.find(form)
            if at >= 0:
                found.append(place[max(0, at - 60) : at + len(form) + 60])
    return found


def _forms(secret: str) -> set[str]:
    raw = secret.encode()
    encoded = {base64.b64encode(raw).decode().rstrip("="), base64.urlsafe_b64encode(raw).decode().rstrip("=")}
    quoted = {quote(secret), quote(secret, safe=""), json.dumps(secret)[1:-1]}
    return {secret, raw.decode("latin-1"), raw.hex(), *quoted, *encoded}


def _table(connection: sa.Connection, table: str) -> str:
    rows = connection.execute(sa.text(f'SELECT * FROM "{table}"'))  # noqa: S608  # the name comes from the database
    return "\n".join(" ".join(_text(value) for value in row) for row in rows)


def _text(value: object) -> str:
    if isinstance(value, bytes | memoryview):
        return bytes(value).decode("latin-1")
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else str(value)


def _files(session: Session) -> list[str]:
    """SQLite's file and its write-ahead log: a value that was overwritten may still stand in a free page."""
    url = session.get_bind().engine.url
    if url.get_backend_name() != "sqlite" or url.database is None:
        return []
    files = [Path(url.database + ending) for ending in ("", "-wal")]
    return [file.read_bytes().decode("latin-1") for file in files if file.exists()]
