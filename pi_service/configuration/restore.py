"""Brings back the last good configuration when the file in force is damaged."""

from __future__ import annotations

from pathlib import Path

from pi_service.atomic_files import write_atomic
from pi_service.config import ConfigError
from pi_service.configuration.source import fault_sentence, load
from pi_service.configuration.transaction import locked
from pi_service.paths import Paths

LOCK_TIMEOUT_SECONDS = 2.0


def restore_config(paths: Paths) -> Path:
    """Replace a damaged configuration by its spare copy, else by the one before; returns which.

    What was damaged is kept as `config.json.damaged` for a person to look at. Raises ValueError where there is nothing
    good to restore, LockedError while a configuration is being applied, OSError where it cannot be written.
    """
    with locked(paths, LOCK_TIMEOUT_SECONDS):
        return _restore(paths)


def _restore(paths: Paths) -> Path:
    faults: list[str] = []
    if _fault_of(paths.config) is None:
        return paths.config  # somebody has mended it meanwhile
    for source in (paths.last_good_config, paths.previous_config):
        if fault := _fault_of(source):
            faults.append(fault)
            continue
        _keep_damaged(paths.config)
        write_atomic(paths.config, source.read_bytes())
        return source
    raise ValueError(f"nothing to restore {paths.config} from ({'; '.join(faults)}); apply a configuration anew")


def _fault_of(path: Path) -> str | None:
    try:
        load(path)
    except (OSError, ConfigError) as error:
        return fault_sentence(path, error)
    return None


def _keep_damaged(config: Path) -> None:
    if config.exists():
        write_atomic(config.with_name(config.name + ".damaged"), config.read_bytes())
