"""Everything that can be made to go wrong at a site, one kind a name. `find` looks a kind up."""

from __future__ import annotations

from virtual_fleet.errors import FleetError
from virtual_fleet.faults import camera, clock, disk, network, people, power, processes
from virtual_fleet.faults.kinds import Fault

FAULTS: dict[str, Fault] = {
    fault.kind: fault for family in (camera, processes, disk, network, clock, power, people) for fault in family.FAULTS
}


def find(kind: str) -> Fault:
    """The fault of this kind. Raises FleetError that names all kinds."""
    if kind not in FAULTS:
        raise FleetError(f"there is no fault {kind!r}; there are: {', '.join(sorted(FAULTS))}")
    return FAULTS[kind]
