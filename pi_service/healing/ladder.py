"""A ladder of actions against one fault: the next step only while the fault persists, never two steps in a rush."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

RESET_AFTER_SECONDS = 600.0  # this long without the fault, and the next one starts at the bottom again
LONGEST_WAIT_SECONDS = 6 * 3600.0


@dataclass
class Ladder:
    """Where we stand against one fault. `rounds` counts how often the whole ladder was climbed in vain.

    Each round in vain doubles every wait, up to LONGEST_WAIT_SECONDS: what did not help is not done for ever.
    """

    taken: list[str] = field(default_factory=list)
    rounds: int = 0
    last_step_at: float | None = None
    faulty_since: float | None = None
    healthy_since: float | None = None

    def observe(self, *, faulty: bool, now: float, cooldown_seconds: float) -> None:
        """Note whether the fault is there. A pause shorter than the cooldown does not count as health."""
        if faulty:
            self.healthy_since = None
            self.faulty_since = now if self.faulty_since is None else self.faulty_since
            return
        self.healthy_since = now if self.healthy_since is None else self.healthy_since
        if now - self.healthy_since >= cooldown_seconds:
            self.faulty_since = None
        if now - self.healthy_since >= RESET_AFTER_SECONDS:
            self.taken, self.rounds, self.last_step_at = [], 0, None

    def due(self, steps: Sequence[str], *, now: float, cooldown_seconds: float, patience_seconds: float) -> str | None:
        """The step to take now, if any. The first waits until the fault has lasted `patience_seconds`."""
        if self.faulty_since is None or self.healthy_since is not None or now - self.faulty_since < patience_seconds:
            return None
        wait = min(cooldown_seconds * 2.0 ** min(self.rounds, 30), LONGEST_WAIT_SECONDS)
        if not self.rested(now, wait):
            return None
        return next((step for step in steps if step not in self.taken), steps[0])

    def rested(self, now: float, wait_seconds: float) -> bool:
        """Whether the last step, if there was one, lies this long back."""
        return self.last_step_at is None or now - self.last_step_at >= wait_seconds

    def take(self, step: str, steps: Sequence[str], now: float) -> None:
        """Note that `step` is taken. The last one ends the round."""
        self.last_step_at = now
        self.taken.append(step)
        if set(steps) <= set(self.taken):
            self.taken = []
            self.rounds += 1

    def document(self) -> dict[str, Any]:
        """What outlives a restart of the agent."""
        return {"taken": self.taken, "rounds": self.rounds, "last_step_at": self.last_step_at}

    @classmethod
    def from_document(cls, document: dict[str, Any], *, same_boot: bool) -> Ladder:
        """Read it back. After a reboot the last step counts as taken at the start of the boot clock.

        Raises KeyError, TypeError or ValueError where it is no ladder.
        """
        last = document["last_step_at"]
        if last is not None:
            last = float(last) if same_boot else 0.0
        return cls([str(step) for step in document["taken"]], int(document["rounds"]), last)
