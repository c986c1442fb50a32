"""The audit trail."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from control_ui.views.api.schemas.base import Moment, Name, Out, PageQuery


class AuditQuery(PageQuery):
    """What is looked for in the trail."""

    actor: Name | None = Field(None, description="Part of the name of who did it.")
    action: Name | None = Field(None, description="`template.update`, or `template` for all that was done to them.")
    subject: Name | None = Field(None, description="`device`, or `device:7` for the one with this id.")
    outcome: Literal["ok", "refused"] | None = None
    since: Moment | None = None
    until: Moment | None = Field(None, description="Not included.")
    text: Name | None = Field(None, description="Part of the reason, or of the subject's name.")


class AuditEntryOut(Out):
    """One entry. `hash` covers all of it but `id`, and `previous_hash` is the hash of the entry before in its chain."""

    id: int
    chain: str
    sequence: int
    at: Moment
    actor_kind: str
    actor_id: int | None
    actor_name: str
    action: str
    outcome: str
    subject_type: str
    subject_id: str
    subject_name: str
    reason: str
    before: Any | None
    after: Any | None
    remote_address: str
    request_id: str
    previous_hash: str
    hash: str


class AuditPage(Out):
    items: list[AuditEntryOut]
    next: str | None


class BrokenOut(Out):
    """The first entry of a chain that is not as it was written. `entry_id` is null where it is missing."""

    sequence: int
    entry_id: int | None
    problem: str


class ChainOut(Out):
    """`entries` were found whole; `hash` is that of the last of them."""

    chain: str
    entries: int
    hash: str
    broken: BrokenOut | None


class VerificationOut(Out):
    intact: bool
    chains: list[ChainOut]
