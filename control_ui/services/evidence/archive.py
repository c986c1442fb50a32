"""Writes a ZIP file in one fixed way: the same content gives the same bytes, and whoever verifies it can account for
every byte.

Nothing is compressed. So one changed byte of an entry leaves the others readable, and the verifier can say which it is;
so no two versions of a compression library give two different packs; and there is nothing to blow up.
"""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from typing import IO

from control_ui.services.errors import InvalidError

OLDEST_TIME = (1980, 1, 1, 0, 0, 0)
"""The first that the format knows; content has its own times."""
UNIX = 3
PLAIN_FILE = 0o100644 << 16
MOST_BYTES = 4 * 1024**3 - 1024**2
"""What the format can hold without its 64-bit extension, less some room for names."""


@dataclass(frozen=True)
class Member:
    """A file in a pack."""

    name: str
    size_bytes: int
    sha256: str


class Archive:
    """A ZIP file being written. A context manager: it is whole at its end."""

    def __init__(self, destination: IO[bytes]) -> None:
        self._zip = zipfile.ZipFile(destination, "w", zipfile.ZIP_STORED, allowZip64=False)
        self._total_bytes = 0
        self.members: list[Member] = []

    def __enter__(self) -> Archive:
        return self

    def __exit__(self, *_error: object) -> None:
        self._zip.close()

    def add(self, name: str, pieces: Iterable[bytes]) -> Member:
        """Add a file, piece by piece. Raises InvalidError where the archive grows beyond what it can hold."""
        info = zipfile.ZipInfo(name, OLDEST_TIME)
        info.create_system, info.external_attr = UNIX, PLAIN_FILE
        digest, size = hashlib.sha256(), 0
        with self._zip.open(info, "w") as file:
            for piece in pieces:
                size += len(piece)
                if self._total_bytes + size > MOST_BYTES:
                    raise InvalidError("the evidence pack would be larger than 4 GiB: take a shorter period")
                file.write(piece)
                digest.update(piece)
        self._total_bytes += size
        member = Member(name, size, digest.hexdigest())
        self.members.append(member)
        return member
