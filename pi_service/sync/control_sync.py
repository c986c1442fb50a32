"""The conversation with the control plane, in a thread of its own: however it goes, healing and pictures go on."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

from pi_service.backoff import Backoff
from pi_service.clock import rfc3339, wall_now
from pi_service.config import Config
from pi_service.configuration.live import LiveConfig
from pi_service.log_limit import LogLimit
from pi_service.sync.config_pull import ConfigPull
from pi_service.sync.control_client import ControlClient, ControlError, UnauthorizedError
from pi_service.sync.mailbox import Mailbox
from pi_service.sync.outbox import Outbox
from pi_service.sync.registration import forget_enrolment, register_if_due

log = logging.getLogger(__name__)

LONGEST_BACKOFF_SECONDS = 60.0  # a control plane that is back hears of every site within a minute
UNAUTHORIZED_SECONDS = 60.0  # a wrong token does not become right by asking more often
AT_ONCE_SECONDS = 1.0
LOOK_AT_CONFIG_SECONDS = 5.0
_YEARS_TO_BELIEVE = range(2020, 2200)


@dataclass(frozen=True)
class ControlStatus:
    """How it stands with the control plane. `reachable` is None before the first attempt and without a control_url."""

    reachable: bool | None = None
    last_success_at: str | None = None
    fault: str = ""


class ControlSync:
    """Registers, checks in, ships logs, follows the desired configuration, empties the mailbox."""

    def __init__(
        self,
        live: LiveConfig,
        outbox: Outbox,
        pull: ConfigPull,
        mailbox: Mailbox,
        report: Callable[[], dict[str, Any]],
        wall: Callable[[], datetime] = wall_now,
    ) -> None:
        """`report` gives `{status, stream, metrics}` of this moment."""
        self._live = live
        self._outbox = outbox
        self._pull = pull
        self._mailbox = mailbox
        self._report = report
        self._wall = wall
        self._backoff = Backoff(AT_ONCE_SECONDS, LONGEST_BACKOFF_SECONDS)
        self._disk_complaints = LogLimit(lines=1)
        self._sent: dict[str, Any] = {"metrics": None}
        self.status = ControlStatus()

    def run(self, stop: threading.Event) -> None:
        """Check in until stopped. A changed configuration ends a wait early."""
        while not stop.is_set():
            config = self._live.current()
            wait = self.round(config)
            while wait > 0 and not stop.wait(min(wait, LOOK_AT_CONFIG_SECONDS)):
                wait -= LOOK_AT_CONFIG_SECONDS
                if self._live.current() is not config:
                    self._backoff.reset()
                    break

    def round(self, config: Config | None) -> float:
        """One check-in and what follows from its answer. Returns the seconds until the next."""
        if config is None or config.control_url is None:
            self.status = ControlStatus()
            return LOOK_AT_CONFIG_SECONDS
        client = ControlClient(config.control_url, Path(config.device_token_file))
        try:
            return self._exchange(config, client)
        except UnauthorizedError as error:
            return max(UNAUTHORIZED_SECONDS, self._failed(error))
        except ControlError as error:
            return self._failed(error)
        except OSError as error:
            self._complain_of_disk("the disk does not take the notes of the agent", error)
            return config.checkin_interval_seconds
        except Exception as error:  # whatever a broken control plane sends must not end the agent, which heals this Pi
            log.exception("a check-in failed in a way nobody has thought of")
            return self._failed(ControlError(f"the answer could not be dealt with: {type(error).__name__}"))

    def _exchange(self, config: Config, client: ControlClient) -> float:
        results = self._mailbox.results()
        self._sent = self._report()
        document = {
            "device_id": config.device_id,
            "config_version": config.version,
            **self._sent,
            **self._outbox.collect(),
            "action_results": results,
        }
        document["status"] = {**document["status"], "pull": self._pull.state()}
        register_if_due(config, client)
        answer, date = client.check_in(document)
        self._outbox.delivered()
        self._mailbox.delivered(results)
        self._succeeded()
        news = self._pull.follow(answer, client, config)
        answered = self._mailbox.take(answer.get("actions"), server_time(date, self._wall()))
        forget_enrolment(config)
        if news or answered or self._outbox.has_more:
            return AT_ONCE_SECONDS
        return config.checkin_interval_seconds

    def _succeeded(self) -> None:
        if self.status.reachable is not True:
            log.info("the control plane is reached")
        self._backoff.reset()
        self.status = ControlStatus(True, rfc3339(self._wall()))

    def _failed(self, error: ControlError) -> float:
        if self.status.reachable is not False or self.status.fault != str(error):
            log.warning("check-in failed, pictures go on: %s", error)
        self.status = ControlStatus(False, self.status.last_success_at, str(error))
        wait = self._backoff.next_seconds()
        try:
            self._outbox.keep({"at": rfc3339(self._wall()), "metrics": self._sent["metrics"]})
        except OSError as disk:
            self._complain_of_disk("the backlog cannot be written", disk)
        return wait

    def _complain_of_disk(self, what: str, error: OSError) -> None:
        """A full disk would be filled further by a line for every check-in."""
        if self._disk_complaints.admits():
            log.error("%s: %s", what, error)


def server_time(date: str, local: datetime) -> datetime:
    """The time to judge expiry by: the server's, by whose clock it was set, as a Pi's own may be years off."""
    try:
        moment = parsedate_to_datetime(date).astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        return local
    return moment if moment.year in _YEARS_TO_BELIEVE else local
