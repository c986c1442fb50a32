"""Why a service did not do what it was asked. Views turn each into a problem document (RFC 9457)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """One thing wrong with what was given: where (`$.overlays.dev.jpeg_quality`) and what."""

    path: str
    message: str


class ServiceError(Exception):
    """Base of all; the sentence is for the person who asked."""

    status = 500

    def __init__(self, detail: str) -> None:
        self.detail = detail
        super().__init__(detail)


class InvalidError(ServiceError):
    """What was given makes no sense. `faults` names every reason by its path."""

    status = 422

    def __init__(self, detail: str, faults: list[Fault] | None = None) -> None:
        self.faults = faults or []
        super().__init__(detail)


class NotFoundError(ServiceError):
    """There is no such row, or it is another tenant's: the two cannot be told apart."""

    status = 404


class ConflictError(ServiceError):
    """The state of things does not allow it (a name that is taken, a run that has ended)."""

    status = 409


class LostUpdateError(ServiceError):
    """Somebody else changed it since it was read."""

    status = 412


class ForbiddenError(ServiceError):
    """The actor has no right to it."""

    status = 403


class UnauthenticatedError(ServiceError):
    """Nobody knows who asks."""

    status = 401


class GoneError(ServiceError):
    """It was there once (a used enrolment token) and is not valid any more."""

    status = 410


class TooManyRequestsError(ServiceError):
    """Asked too often."""

    status = 429

    def __init__(self, detail: str, retry_after_seconds: int) -> None:
        self.retry_after_seconds = retry_after_seconds
        super().__init__(detail)


class UnavailableError(ServiceError):
    """Something this needs (Redis, a signing key) is away."""

    status = 503
