"""Problem documents (RFC 9457)."""

from __future__ import annotations

from pydantic import BaseModel, Field


class ProblemFault(BaseModel):
    path: str = Field(description="Where: a JSON path of the body, or the name of a parameter.")
    message: str


class Problem(BaseModel):
    type: str
    title: str
    status: int
    detail: str = Field(description="What is wrong and what to do, for the person who asked.")
    instance: str
    request_id: str = Field(description="Finds the request in the control plane's log.")
    faults: list[ProblemFault] = Field(default_factory=list)
