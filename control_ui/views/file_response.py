"""Answers that are files, however long.

What is written piece by piece goes to a temporary file first: the session is closed when a view returns, a slow client
must not keep a transaction open, and an error half-way is an error and not a file that ends too early.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import IO

from flask import Response

IN_MEMORY_BYTES = 1024 * 1024
CHUNK_BYTES = 64 * 1024


def of_pieces(pieces: Iterable[str], *, file_name: str, media_type: str, download: bool) -> Response:
    """A file made of text, in UTF-8."""
    with temporary() as file:
        for piece in pieces:
            file.write(piece.encode())
        return of_file(file, file_name=file_name, media_type=media_type, download=download)


@contextmanager
def temporary() -> Iterator[IO[bytes]]:
    """A file to be handed to `of_file`. It is closed at once where that does not come about."""
    file = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY_BYTES)  # noqa: SIM115  # the response closes it
    try:
        yield file
    except BaseException:
        file.close()
        raise


def of_file(file: IO[bytes], *, file_name: str, media_type: str, download: bool = True) -> Response:
    """A file that has been written to its end. It is closed when it has been sent."""
    size = file.tell()
    file.seek(0)
    response = Response(_chunks(file), content_type=media_type, direct_passthrough=True)
    response.content_length = size
    kind = "attachment" if download else "inline"
    response.headers["Content-Disposition"] = f'{kind}; filename="{file_name}"'
    response.call_on_close(file.close)  # of an answer nobody reads, too
    return response


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk
