"""Reports and evidence packs."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from control_ui.services.reports.make import Form
from control_ui.services.reports.sla import TARGET_PERCENT
from control_ui.views.api.schemas.base import In, Name, Text

DayOrMoment = Annotated[str, StringConstraints(min_length=1, max_length=40)]
FROM = "A day of the tenant's time zone (`2026-03-01`), or a moment (RFC 3339)."
TO = "As `from`. A day belongs to the period, a moment does not."


class PeriodQuery(In):
    """The period of a report."""

    begin: DayOrMoment = Field(alias="from", description=FROM)
    end: DayOrMoment = Field(alias="to", description=TO)
    format: Form = Form.JSON


class RunReportQuery(PeriodQuery):
    """What the run history is narrowed to."""

    site: Name | None = Field(None, description="Name of a site.")
    device: Name | None = Field(None, description="Name of a device.")
    person: Name | None = Field(None, description="Part of the name of who asked, approved or canceled.")
    playbook: Name | None = None


class SlaQuery(PeriodQuery):
    """How the SLA is worked out."""

    site: Name | None = Field(None, description="Name of a site.")
    target_percent: float = Field(TARGET_PERCENT, gt=0, le=100)
    exclude_maintenance: bool = Field(False, description="Leave the sites' maintenance windows out, and show them.")


class EvidenceIn(In):
    """The period of an evidence pack."""

    begin: DayOrMoment = Field(alias="from", description=FROM)
    end: DayOrMoment = Field(alias="to", description=TO)
    reason: Text = Field("", description="Why, for the audit trail.")
