"""How a deployment goes about it: its waves, how much may fail, how long it waits."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import timedelta
from typing import Any

from control_ui.models import Deployment
from control_ui.services.errors import Fault, InvalidError

WAVE = re.compile(r"[1-9]\d{0,5}|([1-9]\d?|100)%")
DEFAULT_WAVES = ("1", "10%", "100%")
DEFAULT_THRESHOLD_PERCENT = 10.0


@dataclass(frozen=True)
class Parameters:
    """As people give them, kept in `Deployment.parameters`. A threshold is passed when more than that have failed."""

    waves: tuple[str, ...] = DEFAULT_WAVES
    """How many devices of all have been reached after each wave: counts or percentages. What is left is a last one."""
    failure_threshold_percent: float | None = None
    """Of the wave's devices that count. Where no threshold is given at all, it is 10."""
    failure_threshold_count: int | None = None
    wave_timeout_seconds: int = 180
    soak_seconds: int = 0
    """Between one wave and the next; at its end the devices are looked at once more."""
    desired_lifetime_hours: int = 168
    """How long a device that is off is still offered the configuration when it comes back."""
    split_percent: int = 50
    """`ab`: the share of side b."""
    observe_minutes: int = 60
    """`ab`: for how long the sides are compared."""

    def __post_init__(self) -> None:
        wrong = [index for index, wave in enumerate(self.waves) if not WAVE.fullmatch(wave)]
        if wrong:
            words = 'must be a count ("20") or a share ("10%")'
            raise InvalidError("the waves are not valid", [Fault(f"$.parameters.waves[{at}]", words) for at in wrong])

    @property
    def wave_timeout(self) -> timedelta:
        return timedelta(seconds=self.wave_timeout_seconds)

    @property
    def soak(self) -> timedelta:
        return timedelta(seconds=self.soak_seconds)

    @property
    def lifetime(self) -> timedelta:
        return timedelta(hours=self.desired_lifetime_hours)

    @property
    def observation(self) -> timedelta:
        return timedelta(minutes=self.observe_minutes)

    def passed_threshold(self, failed: int, counted: int) -> str:
        """Which threshold so many failures pass, in words; empty where none."""
        percent = self.failure_threshold_percent
        if percent is None and self.failure_threshold_count is None:
            percent = DEFAULT_THRESHOLD_PERCENT
        if self.failure_threshold_count is not None and failed > self.failure_threshold_count:
            return f"more than {self.failure_threshold_count}"
        if percent is not None and failed * 100 > percent * counted:
            return f"more than {percent:g} %"
        return ""

    def most_failures(self, counted: int) -> int:
        """How many of so many may fail without passing a threshold."""
        percent = self.failure_threshold_percent
        if percent is None and self.failure_threshold_count is None:
            percent = DEFAULT_THRESHOLD_PERCENT
        bounds = [] if self.failure_threshold_count is None else [self.failure_threshold_count]
        return min([counted, *bounds, *([] if percent is None else [math.floor(percent * counted / 100)])])

    def document(self) -> dict[str, Any]:
        """As a JSON object."""
        return asdict(self) | {"waves": list(self.waves)}


def of(deployment: Deployment) -> Parameters:
    """The parameters of a deployment; what it does not say is as by default."""
    return read(deployment.parameters)


def read(document: Mapping[str, Any]) -> Parameters:
    """Raises InvalidError for waves that make no sense. Other keys are not looked at."""
    known = {item.name: document[item.name] for item in fields(Parameters) if item.name in document}
    if "waves" in known:
        known["waves"] = tuple(known["waves"])
    return Parameters(**known)


NEVER_STOPS = Parameters(failure_threshold_percent=100.0)
"""Of a rollback, which goes on to the end: nothing is gained by leaving the rest as it is."""
