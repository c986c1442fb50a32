"""`config check | apply | rollback`: the only way by which a configuration comes into force.

Ansible's push and the agent's pull both end here. The order of steps is the safety: validate, compare versions, let
the stream try, keep the old one, replace, tell the stream to switch.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from pi_service.clock import wall_now
from pi_service.config import Config, ConfigError, Fault, content_hash
from pi_service.configuration.apply_record import ApplyRecord
from pi_service.configuration.source import fault_sentence, load, load_usable, parse
from pi_service.configuration.transaction import ConfigTransaction, LockedError, locked
from pi_service.paths import Paths
from pi_service.redaction import redact_config, redact_text
from pi_service.stream.client import StreamAbsentError, StreamClient

DEFAULT_TIMEOUT_SECONDS = 30.0
_ANSWER_MARGIN_SECONDS = 5.0  # the stream answers by the trial's deadline; it may be busy for a moment then

APPLIED, UNCHANGED, REFUSED, ROLLED_BACK = "applied", "unchanged", "refused", "rolled back"
_EXIT_CODES = {APPLIED: 0, UNCHANGED: 0, REFUSED: 1, ROLLED_BACK: 2}
_REFUSALS = ("busy", "invalid configuration")  # of the stream: it did not even try
Document = dict[str, Any]


@dataclass(frozen=True)
class Outcome:
    """What became of a configuration. `before` and `after` are redacted; `reason` is a sentence, or empty."""

    result: str
    tried: bool = False
    old_version: int | None = None
    new_version: int | None = None
    reason: str = ""
    faults: tuple[Fault, ...] = ()
    before: Document | None = None
    after: Document | None = None

    @property
    def exit_code(self) -> int:
        """0 applied or unchanged, 1 refused, 2 tried and rolled back."""
        return _EXIT_CODES[self.result]

    def document(self) -> Document:
        """The object `--json` prints."""
        return {**asdict(self), "faults": [asdict(fault) for fault in self.faults]}


@dataclass(frozen=True)
class _Change:
    """From the configuration in force (`old`, None at the first one) to another. `damaged`: the file needs repair."""

    old: Document | None
    new: Document
    damaged: bool = False

    def outcome(self, result: str, reason: str = "", *, tried: bool = False) -> Outcome:
        return Outcome(
            result,
            tried,
            None if self.old is None else self.old["version"],
            self.new["version"],
            redact_text(reason),
            (),
            None if self.old is None else redact_config(self.old),
            redact_config(self.new),
        )


class ConfigManager:
    """Changes the configuration of this Pi."""

    def __init__(self, paths: Paths, wall: Callable[[], datetime] = wall_now) -> None:
        self._paths = paths
        self._wall = wall
        self._record = ApplyRecord(paths)

    def check(self, content: bytes) -> list[Fault]:
        """Every fault of a configuration. Empty where it is valid."""
        try:
            Config.from_document(parse(content))
        except ConfigError as error:
            return error.faults
        return []

    def apply(
        self,
        content: bytes,
        *,
        timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS,
        check_only: bool = False,
        next_version: bool = False,
    ) -> Outcome:
        """Put a configuration in force if it is valid, newer, and its stream comes up within the timeout.

        `check_only` decides by content and version alone and changes nothing. `next_version` numbers it. Raises
        OSError where files cannot be written; the old configuration is then in force as before.
        """
        return self._recorded(
            check_only, timeout_seconds, lambda: self._apply(content, timeout_seconds, check_only, next_version)
        )

    def rollback(self, *, timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS, check_only: bool = False) -> Outcome:
        """Put the configuration before the present one in force again, by the same trial. Done twice, it is undone."""
        return self._recorded(check_only, timeout_seconds, lambda: self._rollback(timeout_seconds, check_only))

    def _recorded(self, check_only: bool, timeout_seconds: float, act: Callable[[], Outcome]) -> Outcome:
        try:
            with locked(self._paths, timeout_seconds):
                outcome = act()
        except LockedError as error:
            outcome = Outcome(REFUSED, reason=str(error))
        if not check_only:
            kept = ("result", "tried", "old_version", "new_version", "reason")
            document = outcome.document()
            self._record.add({name: document[name] for name in kept}, self._wall())
        return outcome

    def _apply(self, content: bytes, timeout_seconds: float, check_only: bool, next_version: bool) -> Outcome:
        old, damaged = self._in_force()
        old_version = None if old is None else old["version"]
        try:
            new = parse(content)
            if next_version:
                new = {**new, "version": self._next_version(old, new)}
            Config.from_document(new)
        except ConfigError as error:
            reason = "the configuration is not valid"
            return Outcome(REFUSED, False, old_version, None, reason, tuple(error.faults))
        change = _Change(old, new, damaged)
        if old is not None and (decided := _by_version(change, old)):
            return decided
        return change.outcome(APPLIED) if check_only else self._try_and_switch(change, timeout_seconds)

    def _rollback(self, timeout_seconds: float, check_only: bool) -> Outcome:
        old, damaged = self._in_force()
        faults = []
        for path in (self._paths.previous_config, self._paths.last_good_config):
            try:
                target = load(path).document
            except (OSError, ConfigError) as error:
                faults.append(fault_sentence(path, error))
                continue
            if damaged or target != old:
                change = _Change(old, target, damaged)
                return change.outcome(APPLIED) if check_only else self._try_and_switch(change, timeout_seconds)
        sentence = "; ".join(["there is nothing to go back to", *faults])
        return Outcome(REFUSED, old_version=None if old is None else old["version"], reason=redact_text(sentence))

    def _in_force(self) -> tuple[Document | None, bool]:
        """The configuration by which the stream goes, and whether it is another than its file says."""
        usable = load_usable(self._paths)
        return (None, False) if usable is None else (usable.document, bool(usable.fault))

    def _next_version(self, old: Document | None, new: Document) -> int:
        """The version in force where the content is the same, else one that was never given here."""
        if old is None:
            return int(new.get("version", 1)) if isinstance(new.get("version", 1), int) else 1
        if content_hash(new) == content_hash(old):
            return int(old["version"])
        try:
            previous = load(self._paths.previous_config).config.version
        except (OSError, ConfigError):
            previous = 0
        return max(int(old["version"]), previous) + 1

    def _try_and_switch(self, change: _Change, timeout_seconds: float) -> Outcome:
        try:
            with StreamClient(self._paths) as stream:
                request = {"op": "trial", "config": change.new, "timeout": timeout_seconds}
                verdict = stream.ask(request, timeout_seconds + _ANSWER_MARGIN_SECONDS)
                if verdict["ok"]:
                    return self._switch(change, stream, verdict)
                result = REFUSED if verdict.get("reason") in _REFUSALS else ROLLED_BACK
                return change.outcome(result, _words(verdict), tried=bool(verdict.get("tried")))
        except StreamAbsentError:
            ConfigTransaction(self._paths).replace(change.old, change.new)
            return change.outcome(APPLIED, "not tried: the stream is not running")
        except (ConnectionError, TimeoutError, ValueError) as error:
            return change.outcome(ROLLED_BACK, f"the stream gave no verdict: {error}")

    def _switch(self, change: _Change, stream: StreamClient, verdict: Document) -> Outcome:
        tried = bool(verdict["tried"])
        reason = "" if tried else f"not tried: {_words(verdict)}"
        transaction = ConfigTransaction(self._paths)
        transaction.replace(change.old, change.new)
        try:
            answer = stream.ask({"op": "commit"})
        except (OSError, ValueError):
            # Whoever reads the file next, this stream or its successor, finds the new configuration in it.
            reason = "; ".join(filter(None, (reason, "the stream will take it from the file: it ended meanwhile")))
            return change.outcome(APPLIED, reason, tried=tried)
        if not answer["ok"]:
            transaction.undo()
            return change.outcome(ROLLED_BACK, f"the stream did not switch: {_words(answer)}", tried=tried)
        return change.outcome(APPLIED, reason, tried=tried)


def _by_version(change: _Change, old: Document) -> Outcome | None:
    """What the version numbers alone decide; None where the stream has to be asked."""
    old_version, new_version = old["version"], change.new["version"]
    if new_version > old_version:
        return None
    if new_version < old_version:
        sentence = (
            f"version {new_version} is older than version {old_version}, which is in force; "
            "raise the version, or go back with `carwash config rollback`"
        )
        return change.outcome(REFUSED, sentence)
    if content_hash(change.new) == content_hash(old):
        return None if change.damaged else change.outcome(UNCHANGED)
    differing = sorted(key for key in old.keys() | change.new.keys() if old.get(key) != change.new.get(key))
    sentence = (
        f"version {new_version} is in force with another content (differs in {', '.join(differing)}); "
        "raise the version, or let --next-version number it"
    )
    return change.outcome(REFUSED, sentence)


def _words(answer: Document) -> str:
    """`unauthorized: method DESCRIBE failed`, from an answer of the stream."""
    return ": ".join(str(answer[name]) for name in ("reason", "detail") if answer.get(name)) or "no reason given"
