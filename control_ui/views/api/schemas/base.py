"""What the models of the API have in common."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, PlainSerializer, StringConstraints

from control_ui.services.pages import MOST_PER_PAGE
from control_ui.services.timezones import EARLIEST_YEAR, LATEST_YEAR


def _in_utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _within_reason(moment: datetime) -> datetime:
    """Beyond these years a moment cannot be brought to UTC."""
    if not EARLIEST_YEAR <= moment.year <= LATEST_YEAR:
        raise ValueError(f"must be in a year from {EARLIEST_YEAR} to {LATEST_YEAR}")
    return moment


def _without_null(text: str) -> str:
    if "\x00" in text:
        raise ValueError("must not hold a null character")
    return text


Moment = Annotated[
    AwareDatetime, AfterValidator(_within_reason), PlainSerializer(_in_utc, return_type=str, when_used="json")
]
"""RFC 3339, given out in UTC with milliseconds."""
Text = Annotated[str, StringConstraints(max_length=2000), AfterValidator(_without_null)]
Name = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100), AfterValidator(_without_null)
]
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
RowId = Annotated[int, Field(ge=1, le=2**63 - 1)]


class In(BaseModel):
    """What is taken: unknown names are refused, and text does not pass for a number."""

    model_config = ConfigDict(extra="forbid", strict=False, frozen=True)


class Out(BaseModel):
    """What is given, often read off a row."""

    model_config = ConfigDict(from_attributes=True)


class ReasonIn(In):
    """All there is to say of a change that has no content of its own."""

    reason: Text = Field("", description="Why, for the audit trail.")


class PageQuery(In):
    """How every list is paged."""

    limit: int = Field(50, ge=1, le=MOST_PER_PAGE, description="How many at most.")
    cursor: str | None = Field(None, max_length=500, description="`next` of the page before.")


Json = dict[str, Any]
