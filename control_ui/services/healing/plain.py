"""What a decision is made of, as plain data: nothing here knows a database."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from control_ui.models.healing import ActionState, CaseState, RuleAction, Then
from control_ui.services.healing.conditions import Finding


@dataclass(frozen=True)
class Rule:
    """As in HealingDefault and HealingRule."""

    condition: str
    step: int
    after_seconds: int
    action: RuleAction
    cooldown_seconds: int
    most_attempts: int
    window_seconds: int
    then: Then
    unattended: bool
    enabled: bool = True


@dataclass(frozen=True)
class Block:
    """Why a device is left alone. `quiet`: nobody is called for it either, for somebody is at it."""

    words: str
    quiet: bool


@dataclass(frozen=True)
class Patient:
    """A device. `heard`: it checks in, so that what is not found is not there. `ssh`, `mailbox`: how it can be
    reached."""

    device_id: int
    tenant_id: int
    name: str
    region: str
    findings: tuple[Finding, ...] = ()
    heard: bool = True
    last_seen_at: datetime | None = None
    ssh: bool = True
    mailbox: bool = True
    four_eyes: bool = False
    block: Block | None = None

    def finding(self, condition: str) -> Finding | None:
        return next((found for found in self.findings if found.condition == condition), None)


@dataclass(frozen=True)
class Case:
    """As HealingCase. `incident_id` is that of an open incident only."""

    id: int
    device_id: int
    tenant_id: int
    condition: str
    cause: str
    since: datetime
    state: CaseState = CaseState.OPEN
    incident_id: int | None = None


@dataclass(frozen=True)
class Attempt:
    """As HealingAction. `by_run`: over SSH, and not through the Pi's mailbox."""

    id: int
    case_id: int
    device_id: int
    condition: str
    step: int
    state: ActionState
    started_at: datetime
    finished_at: datetime | None = None
    by_run: bool = True


@dataclass(frozen=True)
class Limits:
    """`most_at_once` or `most_percent` of the fleet, whichever is smaller, but one at least."""

    most_at_once: int = 5
    most_percent: float = 5.0

    def at_once(self, fleet: int) -> int:
        return max(1, min(self.most_at_once, int(fleet * self.most_percent / 100)))


@dataclass(frozen=True)
class Start:
    """Make this attempt: the `number`-th of its rule. `by_run`: by a run, and else through the mailbox."""

    rule: Rule
    number: int
    by_run: bool


@dataclass(frozen=True)
class Escalate:
    """Call a person."""

    words: str
    cause: str | None = None
    """The likely one, where an attempt has told it."""


@dataclass(frozen=True)
class Wait:
    """Do nothing now, for this reason."""

    words: str


Move = Start | Escalate | Wait


@dataclass(frozen=True)
class Outage:
    """Many devices with one trouble. `tenant_id` is None where it is several tenants'."""

    condition: str
    device_ids: frozenset[int]
    tenant_ids: frozenset[int]
    whole_fleet: bool
    """So many that nothing at all is healed meanwhile."""


@dataclass(frozen=True)
class Sizes:
    """How many devices have ever checked in: in all, by tenant, by tenant and region, and by region."""

    fleet: int = 0
    tenants: dict[int, int] = field(default_factory=dict)
    regions: dict[tuple[int | None, str], int] = field(default_factory=dict)


def lasting(since: datetime, now: datetime) -> timedelta:
    return max(timedelta(0), now - since)
