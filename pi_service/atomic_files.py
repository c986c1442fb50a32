"""Files that are either wholly the old ones or wholly the new ones, also after a power cut."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any


def write_atomic(path: Path, content: bytes, *, mode: int = 0o640, durable: bool = True) -> None:
    """Replace `path` by `content` in one step. `durable` also forces it to the disk (not needed on tmpfs).

    Written by root, the file belongs to whom the old one belonged to, or the directory where there was none: the
    units, which are not root, go on reading and replacing it.
    """
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fchmod(stream.fileno(), mode)
            _keep_owner(stream.fileno(), path)
            if durable:
                os.fsync(stream.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    if durable:
        sync_directory(path.parent)


def _keep_owner(descriptor: int, path: Path) -> None:
    if os.geteuid() == 0:
        before = path.stat() if path.exists() else path.parent.stat()
        os.fchown(descriptor, before.st_uid, before.st_gid)


def sync_directory(directory: Path) -> None:
    """Force a rename inside `directory` to the disk."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_json(path: Path, document: Any, *, mode: int = 0o640, durable: bool = True) -> None:
    """Write `document` as JSON in one step."""
    write_atomic(path, (json.dumps(document, indent=2, sort_keys=True) + "\n").encode(), mode=mode, durable=durable)


def read_json(path: Path) -> dict[str, Any] | None:
    """The JSON object in `path`, or None where there is no such file. Raises ValueError for anything else."""
    try:
        document = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    if not isinstance(document, dict):
        raise ValueError(f"{path} holds {type(document).__name__}, not an object")
    return document
