"""Reads configurations from their files, and knows what to use when the one in force is damaged."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pi_service.config import Config, ConfigError, Fault
from pi_service.paths import Paths

FileIdentity = tuple[int, int, int]


@dataclass(frozen=True)
class LoadedConfig:
    """A valid configuration: as it is written and as it is read. `fault` says why it is not the one asked for."""

    config: Config
    document: dict[str, Any]
    fault: str = ""


def load(path: Path) -> LoadedConfig:
    """Read and check one file. Raises ConfigError with every fault, OSError where it cannot be read."""
    document = parse(path.read_bytes())
    return LoadedConfig(Config.from_document(document), document)


def parse(content: bytes) -> dict[str, Any]:
    """The JSON object in `content`. Raises ConfigError where it is none."""
    try:
        document = json.loads(content, parse_constant=_no_number)
    except ValueError as error:
        raise ConfigError([Fault("$", f"is not JSON: {error}")]) from error
    except RecursionError as error:
        raise ConfigError([Fault("$", "is nested far too deeply to be a configuration")]) from error
    if not isinstance(document, dict):
        raise ConfigError([Fault("$", "is not a JSON object")])
    return document


def _no_number(name: str) -> None:
    """No age is above a limit that is NaN: Python reads these names, JSON knows none of them."""
    raise ValueError(f"{name} is not a number")


def load_usable(paths: Paths) -> LoadedConfig | None:
    """The configuration to start with: the one in force, else its spare copy, else the one before; None without any."""
    faults = []
    for path in (paths.config, paths.last_good_config, paths.previous_config):
        try:
            loaded = load(path)
        except (OSError, ConfigError) as error:
            faults.append(fault_sentence(path, error))
        else:
            fault = f"{faults[0]}; going by {path}" if faults else ""
            return LoadedConfig(loaded.config, loaded.document, fault)
    return None


def fault_sentence(path: Path, error: Exception) -> str:
    """Why the file cannot be used: `/etc/carwash/config.json: not there`."""
    if isinstance(error, FileNotFoundError):
        return f"{path}: not there"
    if isinstance(error, OSError):
        return f"{path}: {error.strerror or error}"
    return f"{path}: {error}"


def identity(path: Path) -> FileIdentity | None:
    """Changes whenever the file is replaced or written; None where there is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns, status.st_size
