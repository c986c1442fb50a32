"""The stale rule: when a picture may be given, and when the next one can be expected."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pi_service.api.problem import ProblemError

_SECONDS = re.compile(r"\d{1,9}(\.\d{1,9})?", re.ASCII)
_YES_NO = {"1": True, "true": True, "0": False, "false": False}


@dataclass(frozen=True)
class Wish:
    """What a client asks of a picture: no older than `max_age_seconds`; or take it whatever its age."""

    max_age_seconds: float | None = None
    allow_stale: bool = False

    def limit_seconds(self, stale_after_seconds: float) -> float:
        """The stricter of the client's and the configured limit: a client can never loosen ours."""
        if self.max_age_seconds is None:
            return stale_after_seconds
        return min(self.max_age_seconds, stale_after_seconds)


NO_WISH = Wish()


def parse_wish(arguments: Mapping[str, Sequence[str]]) -> Wish:
    """Read `max_age` and `allow_stale` from query arguments (name -> values). Raises a 400 ProblemError.

    With both, `allow_stale` wins and `max_age` only decides whether the picture is marked as stale.
    """
    if not arguments:
        return NO_WISH
    return Wish(_max_age(_single(arguments, "max_age")), _allow_stale(_single(arguments, "allow_stale")))


def retry_after_seconds(age_seconds: float | None, interval_seconds: float) -> int:
    """Whole seconds until the next picture can be expected, at least 1. No picture: no `age_seconds`."""
    if age_seconds is None:
        return max(1, math.ceil(interval_seconds))
    return max(1, math.ceil(interval_seconds - age_seconds % interval_seconds))


def _single(arguments: Mapping[str, Sequence[str]], name: str) -> str | None:
    values = arguments.get(name, ())
    if len(values) > 1:
        raise ProblemError(400, f"{name} is given {len(values)} times; give it once", kind="bad-parameter")
    return values[0] if values else None


def _max_age(text: str | None) -> float | None:
    if text is None:
        return None
    if not _SECONDS.fullmatch(text):
        raise ProblemError(
            400, "max_age must be a number of seconds, 0 or more, for example max_age=15", kind="bad-parameter"
        )
    return float(text)


def _allow_stale(text: str | None) -> bool:
    if text is None:
        return False
    if text.lower() not in _YES_NO:
        raise ProblemError(400, "allow_stale must be 1 or 0", kind="bad-parameter")
    return _YES_NO[text.lower()]
