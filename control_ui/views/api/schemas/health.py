"""Health of the control plane."""

from __future__ import annotations

from pydantic import BaseModel


class Health(BaseModel):
    status: str


class Readiness(BaseModel):
    """Each part: `ok`, or what is wrong."""

    status: str
    database: str
    redis: str
