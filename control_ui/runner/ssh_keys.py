"""Private keys: files that nobody but their owner may read."""

from __future__ import annotations

import os
import stat
from pathlib import Path


class KeyFileError(ValueError):
    """A private key that must not or cannot be used. The sentence says how to mend it."""


def check_private_key(path: Path) -> None:
    """Raises KeyFileError unless `path` is a file that this user can read, and no other."""
    try:
        state = path.stat()
    except OSError as error:
        raise KeyFileError(f"the SSH private key {path} cannot be read: {error.strerror}") from error
    if not stat.S_ISREG(state.st_mode):
        raise KeyFileError(f"the SSH private key {path} is not a file")
    if state.st_mode & 0o077:
        raise KeyFileError(
            f"the SSH private key {path} can be read by others (mode {stat.S_IMODE(state.st_mode):04o});"
            f" run: chmod 600 {path}"
        )
    if not os.access(path, os.R_OK):
        raise KeyFileError(f"the SSH private key {path} cannot be read by the worker's user; give it the file: chown")
