"""Alerts, as Alertmanager tells them (webhook version 4) and as they are shown."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from control_ui.models.alerts import AlertState
from control_ui.services.alerts.receive import Notice
from control_ui.services.timezones import EARLIEST_YEAR, LATEST_YEAR
from control_ui.views.api.schemas.base import In, Moment, Name, Out, PageQuery, RowId, Text

MOST_ALERTS = 5000
MOST_LABELS = 100
LONGEST_LABEL = 2000
MOST_ACKNOWLEDGED = 200
Fingerprint = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{1,64}$")]


def _clipped(labels: dict[str, str]) -> dict[str, str]:
    """Too much is cut off, not refused: Alertmanager does not send again what was refused, and the alert were lost."""
    few = list(labels.items())[:MOST_LABELS]
    return {_clip(name): _clip(value) for name, value in few}


def _clip(text: str) -> str:
    return text.replace("\x00", "")[:LONGEST_LABEL]


Labels = Annotated[dict[str, str], AfterValidator(_clipped)]


class Told(BaseModel):
    """What Alertmanager sends beside these is of no interest here, and may grow."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class AlertIn(Told):
    status: Literal["firing", "resolved"]
    labels: Labels
    annotations: Labels = Field(default_factory=dict)
    starts_at: Moment = Field(alias="startsAt")
    ends_at: AwareDatetime | None = Field(None, alias="endsAt", description="Of a firing alert it says nothing.")
    fingerprint: Fingerprint

    @model_validator(mode="after")
    def _has_ended(self) -> Self:
        ends = self.ends_at
        if self.status == "resolved" and (ends is None or not EARLIEST_YEAR <= ends.year <= LATEST_YEAR):
            raise ValueError("a resolved alert needs a believable endsAt")
        return self

    def notice(self) -> Notice:
        ends_at = self.ends_at if self.status == "resolved" else None
        return Notice(self.fingerprint, self.labels, self.annotations, self.starts_at, ends_at)


class WebhookIn(Told):
    """Alertmanager's webhook message."""

    version: Literal["4"]
    alerts: list[AlertIn] = Field(max_length=MOST_ALERTS)


class ReceivedOut(Out):
    received: int


class AlertQuery(PageQuery):
    """What is looked for among the alerts."""

    state: AlertState | None = None
    severity: Name | None = None
    acknowledged: bool | None = None
    device_id: RowId | None = None


class AlertOut(Out):
    """`tenant_id` and `device_id` are null where the labels name none that is known."""

    id: int
    tenant_id: int | None
    device_id: int | None
    incident_id: int | None
    name: str
    severity: str
    state: AlertState
    labels: dict[str, Any]
    annotations: dict[str, Any]
    starts_at: Moment
    ends_at: Moment | None
    received_at: Moment
    acknowledged_at: Moment | None
    acknowledged_by: str
    comment: str
    escalates_at: Moment | None = Field(description="When it goes to the next receiver, unless it is acknowledged.")
    silenced_by: str = Field(description="Who silenced it in Alertmanager itself, and why.")
    inhibited_by: str = Field(description="Alerts while which fire nobody is told of this one.")


class AlertPage(Out):
    items: list[AlertOut]
    next: str | None


class AcknowledgeIn(In):
    """Which alerts somebody has seen."""

    ids: list[RowId] = Field(min_length=1, max_length=MOST_ACKNOWLEDGED)
    comment: Text = Field("", description="For whoever looks at the alert next, and for the audit trail.")


class AcknowledgedOut(Out):
    items: list[AlertOut]
