"""Self-healing: its rules, attempts, cases, switch; and incidents."""

from __future__ import annotations

from pydantic import Field

from control_ui.models.healing import ActionState, CaseState, RuleAction, Then
from control_ui.services.healing.plain import Rule
from control_ui.services.healing.rule_table import BOUNDS
from control_ui.views.api.schemas.base import In, Moment, Out, PageQuery, RowId, Text


def _bounded(name: str, description: str) -> int:
    least, most = BOUNDS[name]
    bounded: int = Field(ge=least, le=most, description=description)
    return bounded


class RuleIn(In):
    """What is done against a condition at one step."""

    after_seconds: int = _bounded("after_seconds", "So long the condition must have lasted.")
    action: RuleAction
    cooldown_seconds: int = _bounded("cooldown_seconds", "Between an attempt's end and the next on the same device.")
    most_attempts: int = _bounded("most_attempts", "No more within the window.")
    window_seconds: int = _bounded("window_seconds", "The window in which attempts are counted.")
    then: Then = Field(description="What follows when the attempts are used up.")
    unattended: bool = Field(description="Done without a second person's approval at tenants that ask for four eyes.")
    enabled: bool = True
    reason: Text = Field(description="Why, for the audit trail. It must not be empty.")

    def rule(self, condition: str, step: int) -> Rule:
        """The rule of this condition and step, as it is to be."""
        return Rule(condition, step, **self.model_dump(exclude={"reason"}))


class RuleOut(Out):
    condition: str
    title: str
    step: int
    after_seconds: int
    action: RuleAction
    cooldown_seconds: int
    most_attempts: int
    window_seconds: int
    then: Then
    unattended: bool
    enabled: bool
    own: bool = Field(description="The tenant's own; else the platform's.")
    row_version: int


class RulesOut(Out):
    items: list[RuleOut]


class ActionQuery(PageQuery):
    """What is looked for among the attempts."""

    device_id: RowId | None = None
    state: ActionState | None = None


class ActionOut(Out):
    """One attempt. At most one of `run_id`, `mailbox_id` and `deployment_id` is set."""

    id: int
    tenant_id: int
    device_id: int
    case_id: int
    condition: str
    cause: str
    step: int
    action: RuleAction
    attempt: int
    reason: str
    state: ActionState
    note: str
    run_id: int | None
    mailbox_id: str | None
    deployment_id: int | None
    started_at: Moment
    done_at: Moment | None
    finished_at: Moment | None


class ActionPage(Out):
    items: list[ActionOut]
    next: str | None


class CaseQuery(PageQuery):
    """What is looked for among the cases."""

    state: CaseState | None = None


class CaseOut(Out):
    """One condition of one device. `escalated`: a person is needed."""

    id: int
    tenant_id: int
    device_id: int
    condition: str
    cause: str
    words: str
    since: Moment
    opened_at: Moment
    state: CaseState
    note: str
    escalated_at: Moment | None
    closed_at: Moment | None
    incident_id: int | None


class CasePage(Out):
    items: list[CaseOut]
    next: str | None


class PausedOut(Out):
    at: Moment
    by: str
    reason: str
    platform: bool = Field(description="For everybody; else for this tenant.")


class HealingOut(Out):
    """How self-healing stands."""

    paused: PausedOut | None
    brake: str = Field(description="Why attempts that were due were held back in the last round; empty if none was.")
    last_round_at: Moment | None
    running: int = Field(description="Attempts under way.")
    escalated: int = Field(description="Cases that need a person.")


class IncidentOut(Out):
    id: int
    tenant_id: int | None
    title: str
    cause: str
    opened_at: Moment
    closed_at: Moment | None


class IncidentWithDevicesOut(IncidentOut):
    device_ids: list[int]


class IncidentPage(Out):
    items: list[IncidentOut]
    next: str | None
