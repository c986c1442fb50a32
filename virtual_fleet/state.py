"""What is remembered about a fleet between two commands."""

from __future__ import annotations

import fcntl
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

from virtual_fleet import places
from virtual_fleet.site import Site


@dataclass
class FleetState:
    """`faults` holds, by site name, each fault in force with a note on how it was made; `enrolment_tokens` one each."""

    name: str
    prefix: str
    image: str
    inventory: str
    bare: bool = False
    sites: int = 0
    disk_megabytes: int = 384
    interval_seconds: float | None = None
    tenants: int | None = None
    control_url: str | None = None
    enrolment_tokens: dict[str, str] = field(default_factory=dict)
    faults: dict[str, dict[str, str]] = field(default_factory=dict)

    def save(self) -> None:
        """Replace the state file in one step."""
        path = state_file(self.name)
        path.parent.mkdir(mode=0o700, exist_ok=True)
        beside = path.with_suffix(".new")
        beside.write_text(json.dumps(asdict(self), indent=2) + "\n")
        beside.replace(path)


def sites_of(remembered: FleetState) -> tuple[Site, ...]:
    """Every site of a fleet, in order."""
    return tuple(Site(remembered.name, index, remembered.prefix) for index in range(remembered.sites))


def state_file(name: str) -> Path:
    return places.STATE_ROOT / name / "fleet.json"


def load(name: str) -> FleetState | None:
    """The state of a fleet, or None where there is none. What only a newer version remembers is left out: fleets of
    several checkouts live side by side on one machine."""
    try:
        document = json.loads(state_file(name).read_text())
    except FileNotFoundError:
        return None
    known = {item.name for item in fields(FleetState)}
    return FleetState(**{key: value for key, value in document.items() if key in known})


def known_fleets() -> list[FleetState]:
    """Every fleet with a state file."""
    names = sorted(path.parent.name for path in places.STATE_ROOT.glob("*/fleet.json"))
    return [state for state in map(load, names) if state is not None]


@contextmanager
def locked(name: str) -> Iterator[None]:
    """Hold a fleet for one change; another process waits. The lock lies beside the fleet, which `down` removes."""
    with locked_file(places.STATE_ROOT / f".{name}.lock"):
        yield


@contextmanager
def locked_file(path: Path) -> Iterator[None]:
    """Hold an exclusive lock on a file; it ends with the process, however that ends."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield
