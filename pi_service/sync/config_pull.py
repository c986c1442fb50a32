"""Fetches the configuration the control plane wants here and hands it to the one way by which any comes into force."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pi_service.backoff import Backoff
from pi_service.config import Config, ConfigError
from pi_service.config_manager import APPLIED, REFUSED, UNCHANGED, ConfigManager, Outcome
from pi_service.configuration.source import load
from pi_service.paths import Paths
from pi_service.sync.control_client import ControlClient, ControlError

log = logging.getLogger(__name__)

FIRST_RETRY_SECONDS = 60.0
LONGEST_RETRY_SECONDS = 3600.0


@dataclass
class _Setback:
    """A wanted version that is not in force yet. `refused`: digest of a content that is not worth a second try."""

    version: int
    reason: str
    refused: str = ""
    retry_at: float = 0.0
    backoff: Backoff = field(default_factory=lambda: Backoff(FIRST_RETRY_SECONDS, LONGEST_RETRY_SECONDS))


class ConfigPull:
    """Follows `desired_version`. Time is the boot clock, in seconds."""

    def __init__(self, paths: Paths, now: Callable[[], float]) -> None:
        self._paths = paths
        self._now = now
        self._manager = ConfigManager(paths)
        self._setback: _Setback | None = None
        self._fetched: tuple[str, str, bytes] | None = None  # url, etag, content

    def state(self) -> dict[str, Any] | None:
        """`{desired_version, reason}` of a version that could not be put in force; None while all is well."""
        setback = self._setback
        return None if setback is None else {"desired_version": setback.version, "reason": setback.reason}

    def follow(self, answer: dict[str, Any], client: ControlClient, config: Config) -> bool:
        """Do what a check-in's answer asks. Returns whether there is news worth an immediate check-in."""
        desired, url = answer.get("desired_version"), answer.get("config_url")
        if desired is None or desired == config.version:
            self._setback = None
            return False
        if isinstance(desired, bool) or not isinstance(desired, int):
            log.warning("the control plane wants version %r, which is no number: ignored", desired)
            return False
        if self._setback is not None and self._setback.version == desired and self._now() < self._setback.retry_at:
            return False
        if desired < config.version:
            return self._go_back(desired, wanted=answer.get("rollback") is True, config=config)
        if not isinstance(url, str) or not url:
            return self._note(desired, "the control plane names no config_url")
        return self._go_forward(desired, url, client, config)

    def _go_forward(self, desired: int, url: str, client: ControlClient, config: Config) -> bool:
        try:
            content = self._fetch(url, client)
        except ControlError as error:
            return self._note(desired, str(error))
        digest = hashlib.sha256(content).hexdigest()
        setback = self._setback
        if setback is not None and setback.version == desired and setback.refused == digest:
            return self._note(desired, setback.reason, refused=digest)
        if fault := _of_another_device(content, config.device_id):
            return self._note(desired, fault, refused=digest)
        return self._judge(desired, digest, lambda: self._manager.apply(content))

    def _go_back(self, desired: int, *, wanted: bool, config: Config) -> bool:
        """An older version comes back only on an express wish, and only as the previous one, which is known to work."""
        if not wanted:
            return self._note(desired, f"version {config.version} is in force and newer; not going back by itself")
        try:
            previous = load(self._paths.previous_config).config.version
        except (OSError, ConfigError) as error:
            return self._note(desired, f"there is no previous configuration to go back to: {error}")
        if previous != desired:
            return self._note(desired, f"only the previous version ({previous}) can be gone back to")
        return self._judge(desired, "", self._manager.rollback)

    def _fetch(self, url: str, client: ControlClient) -> bytes:
        known = self._fetched if self._fetched is not None and self._fetched[0] == url else None
        answer = client.fetch_config(url, known[1] if known is not None else "")
        if answer.status == 304:
            if known is None:
                raise ControlError("the control plane answered 304 to a request without a condition")
            return known[2]
        self._fetched = (url, answer.etag, answer.body)
        return answer.body

    def _judge(self, desired: int, digest: str, act: Callable[[], Outcome]) -> bool:
        try:
            outcome = act()
        except OSError as error:
            return self._note(desired, f"the configuration could not be written: {error}")
        faults = "; ".join(map(str, outcome.faults))
        log.info("version %s from the control plane: %s %s", desired, outcome.result, outcome.reason or faults)
        if outcome.result in (APPLIED, UNCHANGED) and outcome.new_version == desired:
            self._setback = None
            return True
        reason = f"{outcome.result}: {outcome.reason}" + (f" ({faults})" if faults else "")
        if outcome.result in (APPLIED, UNCHANGED):
            reason = f"the control plane wants version {desired} but serves {outcome.new_version}"
        return self._note(desired, reason, refused=digest if outcome.result == REFUSED else "")

    def _note(self, desired: int, reason: str, *, refused: str = "") -> bool:
        """Remember why the version is not in force, and when to try again. Returns whether this is news."""
        setback = self._setback
        if setback is None or setback.version != desired:
            setback = self._setback = _Setback(desired, "")
        news = setback.reason != reason
        if news:
            log.warning("version %s is not in force: %s", desired, reason)
        setback.reason, setback.refused = reason, refused
        setback.retry_at = self._now() + setback.backoff.next_seconds()
        return news


def _of_another_device(content: bytes, device_id: str) -> str:
    """Why this configuration is not ours; empty where it is, or where validation will say what is wrong with it."""
    try:
        document = json.loads(content)
    except ValueError:
        return ""
    except RecursionError:
        return "the control plane served something nested far too deeply to be a configuration: not applied"
    other = document.get("device_id") if isinstance(document, dict) else None
    if other is None or other == device_id:
        return ""
    return f"the control plane served the configuration of {other!r}, this is {device_id!r}: not applied"
