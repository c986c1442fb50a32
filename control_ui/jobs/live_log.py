"""Follows the log of one Pi for somebody who watches it: until they leave, for ten minutes, or 3,000 lines."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

import redis

from control_ui.jobs.context import JobContext, context
from control_ui.jobs.ssh_key_files import ssh_key_file
from control_ui.jobs.stopping import STOPPING
from control_ui.runner.live_log import LiveLogError, Target
from control_ui.runner.live_log import follow as follow_journal
from control_ui.runner.ssh_keys import KeyFileError
from control_ui.services.live_logs import relaying
from control_ui.services.live_logs.relaying import Followed

LOOK_SECONDS = 1.0

log = logging.getLogger(__name__)


def follow(log_id: str) -> None:
    """Pass on the lines of this log, if somebody still waits for them."""
    here = context()
    try:
        device_id = relaying.claim(here.redis, log_id)
        if device_id is None:
            return
        _follow(here, log_id, device_id)
    except redis.RedisError as error:
        log.warning("a live log ends, for Redis cannot be reached: %s", error)


def _follow(here: JobContext, log_id: str, device_id: int) -> None:
    try:
        with here.session() as session:
            followed = relaying.describe(session, device_id)
        why = _Following(here, log_id, followed).do()
    except redis.RedisError:
        raise
    except Exception as error:
        relaying.end(here.redis, log_id, f"the worker failed: {type(error).__name__}; its log has the rest")
        raise
    relaying.end(here.redis, log_id, why)


class _Following:
    """One log, from its beginning to its end."""

    def __init__(
        self, here: JobContext, log_id: str, followed: Followed, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._here = here
        self._log_id = log_id
        self._followed = followed
        self._clock = clock
        self._began = self._looked = clock()
        self._lines = 0
        self._why = ""

    def do(self) -> str:
        """Gives why it has ended."""
        try:
            for texts in follow_journal(self._target(), self._is_over):
                self._pass_on(texts)
                if self._is_over():
                    break
        except (LiveLogError, KeyFileError) as error:
            return str(self._followed.secrets.mask(str(error)))
        return self._why

    def _target(self) -> Target:
        followed = self._followed
        key_file = ssh_key_file(self._here.settings.ssh_key_dir, followed.tenant_slug)
        return Target(followed.address, followed.port, followed.user, followed.host_keys, key_file)

    def _pass_on(self, texts: list[str]) -> None:
        read = (relaying.line_of(text, self._followed.secrets) for text in texts)
        lines = [line for line in read if line is not None][: relaying.MOST_LINES - self._lines]
        if lines:
            self._lines = relaying.pass_on(self._here.redis, self._log_id, lines)

    def _is_over(self) -> bool:
        now = self._clock()
        if STOPPING.is_set():
            self._why = "its worker was stopped: start it again"
        elif self._lines >= relaying.MOST_LINES:
            self._why = f"{relaying.MOST_LINES} lines were shown: start it again to go on"
        elif now - self._began > relaying.LONGEST_SECONDS:
            self._why = f"it was followed for {relaying.LONGEST_SECONDS // 60} minutes: start it again to go on"
        elif now - self._looked >= LOOK_SECONDS:
            self._looked = now
            if not relaying.is_watched(self._here.redis, self._log_id):
                self._why = "nobody was watching any more"
        return bool(self._why)
