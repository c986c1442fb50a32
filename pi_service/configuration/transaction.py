"""Replaces the configuration in force so that a power cut between any two steps leaves it whole, old or new."""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pi_service.atomic_files import sync_directory, write_atomic, write_json
from pi_service.paths import Paths

_LOCK_POLL_SECONDS = 0.1  # flock has no time limit of its own


class LockedError(RuntimeError):
    """Somebody else is applying a configuration."""


@contextmanager
def locked(paths: Paths, timeout_seconds: float) -> Iterator[None]:
    """Be the only one who changes the configuration. Raises LockedError when another has not finished in time.

    The lock is on the directory itself, so that root and the service's user can both take it, and nothing is left
    behind by one who is killed.
    """
    descriptor = os.open(paths.config.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        _lock(descriptor, time.monotonic() + timeout_seconds)
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor: int, give_up_at: float) -> None:
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if time.monotonic() >= give_up_at:
                raise LockedError("another configuration is being applied at the moment; try again later") from error
            time.sleep(_LOCK_POLL_SECONDS)
        else:
            return


class ConfigTransaction:
    """The files of one change. `replace` makes it, `undo` takes it back byte by byte."""

    def __init__(self, paths: Paths) -> None:
        """Only for who holds the lock: what a power cut has left half written is removed; it may hold a password."""
        for leftover in paths.config.parent.glob(f".{paths.config.name}.*"):
            leftover.unlink(missing_ok=True)
        self._paths = paths
        self._files = (paths.previous_config, paths.config, paths.last_good_config)
        self._before = {path: _content(path) for path in self._files}

    def replace(self, old: dict[str, Any] | None, new: dict[str, Any]) -> None:
        """Put `new` in force, after keeping `old` beside it. Raises OSError; everything is then as before.

        Going back, `new` is what lies beside: it is copied first, or a power cut in the middle would lose it.
        """
        try:
            if _content(self._paths.previous_config) == _as_written(new):
                write_json(self._paths.last_good_config, new, mode=_mode(self._paths.last_good_config))
            if old is not None:
                write_json(self._paths.previous_config, old, mode=_mode(self._paths.previous_config))
            write_json(self._paths.config, new, mode=_mode(self._paths.config))
            write_json(self._paths.last_good_config, new, mode=_mode(self._paths.last_good_config))
        except OSError:
            self.undo()
            raise

    def undo(self) -> None:
        """Restore every file that has changed. Raises OSError."""
        for path in reversed(self._files):
            before = self._before[path]
            if before == _content(path):
                continue
            if before is None:
                path.unlink(missing_ok=True)
                sync_directory(path.parent)
            else:
                write_atomic(path, before, mode=_mode(path))


def _as_written(document: dict[str, Any]) -> bytes:
    return (json.dumps(document, indent=2, sort_keys=True) + "\n").encode()


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _mode(path: Path) -> int:
    """The permissions to keep."""
    try:
        return path.stat().st_mode & 0o777
    except FileNotFoundError:
        return 0o640
