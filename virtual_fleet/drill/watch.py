"""What an operator could see of the fleet, written down as it happens: every site's state, alerts, healing."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from virtual_fleet.commands import say
from virtual_fleet.control_api import ControlApi
from virtual_fleet.errors import FleetError

EVERY_SECONDS = 1.0


@dataclass(frozen=True)
class Seen:
    """How a site was, from `at` (Unix seconds) on."""

    at: float
    status: str
    reasons: tuple[str, ...]
    held: str
    behind: bool
    """It runs another configuration than is wanted."""

    @property
    def is_well(self) -> bool:
        return self.status == "online" and not self.behind and not self.held


@dataclass
class Watch:
    """Asks once a second, as a context manager. What it has seen stays."""

    api: ControlApi
    states: dict[str, list[Seen]] = field(default_factory=dict)
    """By device, oldest first."""
    last_heard: dict[str, float] = field(default_factory=dict)
    """When a device checked in last, Unix seconds."""
    alerts: dict[int, dict[str, Any]] = field(default_factory=dict)
    actions: dict[int, dict[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._looked = threading.Condition(threading.RLock())
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def now(self, device: str) -> Seen | None:
        """How it was when it was looked at last."""
        with self._looked:
            seen = self.states.get(device)
            return seen[-1] if seen else None

    def heard(self, device: str) -> float:
        """When it checked in last, Unix seconds; 0 for never."""
        with self._looked:
            return self.last_heard.get(device, 0.0)

    def wait_for(self, wanted: Callable[[], bool], *, timeout: float) -> bool:
        """Whether `wanted` came to hold within the time; it is asked after every look."""
        deadline = time.monotonic() + timeout
        with self._looked:
            while not wanted():
                left = deadline - time.monotonic()
                if left <= 0:
                    return False
                self._looked.wait(left)
            return True

    def trouble_since(self, device: str, at: float) -> Seen | None:
        """The first state that was not well, seen after `at`."""
        with self._looked:
            return next((one for one in self.states.get(device, []) if one.at > at and not one.is_well), None)

    def alerts_since(self, device: str, at: float) -> list[dict[str, Any]]:
        """Alerts of a device that began after `at`, oldest first."""
        with self._looked:
            found = [one for one in self.alerts.values() if one["labels"].get("device") == device]
        return sorted((one for one in found if moment(one["starts_at"]) > at), key=lambda one: str(one["starts_at"]))

    def actions_since(self, device: str, at: float) -> list[dict[str, Any]]:
        """What self-healing of the fleet did to a device after `at`, oldest first."""
        with self._looked:
            found = [one for one in self.actions.values() if one["device"] == device]
        return sorted((one for one in found if moment(one["started_at"]) > at), key=lambda one: str(one["started_at"]))

    def _run(self) -> None:
        complaint = ""
        while not self._stop.wait(EVERY_SECONDS):
            try:
                self._look()
                complaint = ""
            except (FleetError, OSError) as failure:  # the control plane itself may be what is drilled
                if str(failure) != complaint:
                    complaint = str(failure)
                    say(f"  the control plane cannot be asked: {complaint[:160]}")

    def _look(self) -> None:
        devices = self.api.items("/api/devices")
        alerts = self.api.items("/api/alerts")
        actions = self.api.items("/api/healing/actions")
        at = time.time()
        with self._looked:
            for device in devices:
                self._note(device, at)
                if device["last_seen_at"]:
                    self.last_heard[device["name"]] = moment(device["last_seen_at"])
            names = {device["id"]: device["name"] for device in devices}
            self.alerts |= {one["id"]: one for one in alerts}
            self.actions |= {one["id"]: one | {"device": names.get(one["device_id"], "")} for one in actions}
            self._looked.notify_all()

    def _note(self, device: dict[str, Any], at: float) -> None:
        behind = device["desired_version"] not in (None, device["config_version"])
        seen = Seen(at, device["status"], tuple(device["status_reasons"]), device["held_reason"], behind)
        history = self.states.setdefault(device["name"], [])
        if not history or (history[-1].status, history[-1].reasons, history[-1].held, history[-1].behind) != (
            seen.status, seen.reasons, seen.held, seen.behind,
        ):  # fmt: skip
            history.append(seen)


def moment(text: str) -> float:
    """RFC 3339 to Unix seconds."""
    return datetime.fromisoformat(text).timestamp()
