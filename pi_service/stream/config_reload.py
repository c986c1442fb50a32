"""Notices that the configuration's file has changed by another hand than `config apply`, and tries the new one."""

from __future__ import annotations

import logging
from collections.abc import Callable

from pi_service.atomic_files import write_json
from pi_service.clock import boottime_seconds
from pi_service.config import ConfigError
from pi_service.configuration.source import FileIdentity, fault_sentence, identity, load, load_usable
from pi_service.paths import Paths
from pi_service.redaction import redact_text
from pi_service.stream.candidate import Verdict
from pi_service.stream_manager import StreamManager

log = logging.getLogger(__name__)

TRIAL_SECONDS = 25.0
RETRY_SECONDS = 60.0


class ConfigReload:
    """Follows `config.json`. A file that is damaged, or whose stream does not come up, leaves everything as it is."""

    def __init__(self, paths: Paths, manager: StreamManager, boottime: Callable[[], float] = boottime_seconds) -> None:
        self._paths = paths
        self._manager = manager
        self._boottime = boottime
        self._identity: FileIdentity | None = None
        self._retry_at: float | None = None
        self._trying = False

    def start(self) -> None:
        """Adopt the configuration there is. Without a usable one, wait for it."""
        self._identity = identity(self._paths.config)
        usable = load_usable(self._paths)
        if usable is None:
            self._complain(f"no usable configuration in {self._paths.config}: waiting for one")
            return
        self._manager.adopt(usable.config, usable.document)
        if usable.fault:
            self._complain(usable.fault)

    def tick(self) -> None:
        """Look at the file; call this only while nobody else is trying a configuration."""
        changed = identity(self._paths.config) != self._identity
        due = self._retry_at is not None and self._boottime() >= self._retry_at
        if not self._trying and (changed or due):
            self.reload()

    def reload(self) -> None:
        """Read the file, and try what it says if that is new."""
        if self._trying:  # what the file said a moment ago is not wanted any more
            self._trying = False
            self._manager.abandon()
        self._identity, self._retry_at = identity(self._paths.config), None
        try:
            loaded = load(self._paths.config)
        except (OSError, ConfigError) as error:
            self._complain(f"{fault_sentence(self._paths.config, error)}; what runs goes on")
            return
        if loaded.document == self._manager.document:
            self._manager.state.detail = ""
            return
        log.info("%s has changed: trying version %d", self._paths.config, loaded.config.version)
        self._trying = True
        self._manager.try_out(loaded.config, loaded.document, TRIAL_SECONDS, self._on_verdict)

    def _on_verdict(self, verdict: Verdict) -> None:
        self._trying = False
        if verdict.ok:
            self._manager.commit()
            self._manager.state.detail = ""
            self._keep_spare_copy()
            log.info("the changed configuration is in force%s", "" if verdict.tried else ", untried")
            return
        self._manager.abandon()
        self._retry_at = self._boottime() + RETRY_SECONDS
        self._complain(
            f"{self._paths.config} was not put in force ({verdict.reason}: {verdict.detail}); what ran before goes on"
        )

    def _keep_spare_copy(self) -> None:
        try:
            write_json(self._paths.last_good_config, self._manager.document)
        except OSError as error:
            log.warning("no spare copy of the configuration: %s", error)

    def _complain(self, sentence: str) -> None:
        sentence = redact_text(sentence)
        if sentence != self._manager.state.detail:
            log.error("%s", sentence)
        self._manager.state.detail = sentence
