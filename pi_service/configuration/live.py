"""The configuration in force, read again whenever its file changes; a damaged file never replaces a good one."""

from __future__ import annotations

import logging
import threading

from pi_service.config import Config, ConfigError
from pi_service.configuration.source import FileIdentity, LoadedConfig, fault_sentence, identity, load, load_usable
from pi_service.paths import Paths

log = logging.getLogger(__name__)


class LiveConfig:
    """The last good configuration. One `stat` a call tells whether the file has changed. Safe between threads."""

    def __init__(self, paths: Paths) -> None:
        self._path = paths.config
        self._lock = threading.Lock()
        self._identity: FileIdentity | None = identity(self._path)
        self._loaded: LoadedConfig | None = load_usable(paths)
        self._fault = self._loaded.fault if self._loaded is not None else f"{self._path}: no valid configuration"
        self._tell()

    def current(self) -> Config | None:
        """The configuration to go by, or None where there never was a valid one."""
        if identity(self._path) != self._identity:
            with self._lock:
                self._reload()
        return self._loaded.config if self._loaded is not None else None

    @property
    def fault(self) -> str:
        """Why the file cannot be used (as of the last `current()`); empty while it is good."""
        return self._fault

    def _reload(self) -> None:
        found = identity(self._path)
        if found == self._identity:
            return
        try:
            self._loaded = load(self._path)
            self._fault = ""
        except (OSError, ConfigError) as error:
            self._fault = fault_sentence(self._path, error)
        self._identity = found
        self._tell()

    def _tell(self) -> None:
        if self._fault:
            log.error("the configuration cannot be used, the last good one goes on: %s", self._fault)
        if self._loaded is not None:
            logging.getLogger("pi_service").setLevel(self._loaded.config.log_level)
