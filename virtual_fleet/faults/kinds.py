"""What a fault is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from virtual_fleet.site import Site


def nothing(_site: Site) -> None:
    """For a fault that needs no preparation, or that nobody has to lift."""


@dataclass(frozen=True)
class Fault:
    """One kind of fault.

    `inject(site, value)` makes it happen and returns a note on how; `value` is the user's, or None. `lift(site)` ends
    it, also when the fault ended by itself. `prepare(site)` does in advance what disturbs the site.
    """

    kind: str
    sentence: str
    inject: Callable[[Site, str | None], str]
    lift: Callable[[Site], None] = nothing
    prepare: Callable[[Site], None] = nothing
    needs_camera: bool = False
