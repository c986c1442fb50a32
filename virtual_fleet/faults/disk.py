"""Faults of the disk and of what is written on it."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from virtual_fleet.errors import FleetError
from virtual_fleet.faults.kinds import Fault
from virtual_fleet.site import Site

_BLOCK_BYTES = 4096


def _filler(site: Site) -> Path:
    return site.root / "var" / "tmp" / "disk-full"


def _fill(site: Site, _value: str | None) -> str:
    """Fill the site's own file system, of bounded size: this machine's disk is not touched."""
    if not site.root.is_mount():
        raise FleetError(f"{site.name} has no disk: it never ran")
    statistics = os.statvfs(site.root)
    with _filler(site).open("ab", buffering=0) as stream:
        if statistics.f_bavail:
            os.posix_fallocate(stream.fileno(), stream.seek(0, os.SEEK_END), statistics.f_bavail * statistics.f_frsize)
        _fill_the_rest(stream.fileno())
        return f"{os.fstat(stream.fileno()).st_size // 2**20} MiB written, 0 left"


def _fill_the_rest(descriptor: int) -> None:
    try:
        while os.write(descriptor, bytes(_BLOCK_BYTES)):
            pass
    except OSError as failure:
        if failure.errno != errno.ENOSPC:
            raise


def _free(site: Site) -> None:
    _filler(site).unlink(missing_ok=True)


def _config(site: Site) -> Path:
    return site.root / "etc" / "carwash" / "config.json"


def _corrupt_config(site: Site, _value: str | None) -> str:
    """Cut the file in half, in place, as a disk without power would."""
    config = _config(site)
    if not config.exists():
        raise FleetError(f"{site.name} has no /etc/carwash/config.json: provision it first")
    content = config.read_bytes()
    saved = _saved_config(site)
    if not saved.exists():
        saved.write_bytes(content)
        saved.chmod(0o600)
    os.truncate(config, len(content) // 2)
    return f"{len(content)} bytes cut to {len(content) // 2}"


def _restore_config(site: Site) -> None:
    """Put the file back, unless the site repaired it by itself."""
    saved = _saved_config(site)
    if saved.exists() and _config(site).read_bytes() == saved.read_bytes()[: saved.stat().st_size // 2]:
        _config(site).write_bytes(saved.read_bytes())
    saved.unlink(missing_ok=True)


def _saved_config(site: Site) -> Path:
    return site.directory / "config.json.saved"


FAULTS = (
    Fault("disk-full", "The site's disk has not one byte left.", _fill, _free),
    Fault("config-corrupted", "The configuration on the disk is cut in half.", _corrupt_config, _restore_config),
)
