"""A clock that jumps. Containers share this machine's clock, so the units get one of their own by libfaketime."""

from __future__ import annotations

import re
import time

from virtual_fleet import container
from virtual_fleet.errors import FleetError
from virtual_fleet.faults.kinds import Fault
from virtual_fleet.image_contents import CLOCK_FAULT
from virtual_fleet.site import Site

_OFFSET_FILE = "etc/virtual-fleet/clock-offset"
_DROP_IN = "etc/systemd/system/carwash-.service.d/90-virtual-clock.conf"
_DEFAULT_OFFSET = "+3h"
_UNIT_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_ACTIVE_TIMEOUT_SECONDS = 60.0


def offset_seconds(text: str) -> int:
    """Seconds of an offset such as `+3h`, `-90s` or `+1d`. Raises FleetError."""
    match = re.fullmatch(r"([+-]?)(\d+)([smhd]?)", text)
    if not match:
        raise FleetError(f"{text!r} is no clock offset; write +3h, -90s, +1d or a number of seconds")
    return int(match[1] + match[2]) * _UNIT_SECONDS[match[3] or "s"]


def _prepare(site: Site) -> None:
    """Restart the units with a clock that may jump, standing right for now, and wait until they are active."""
    drop_in = site.root / _DROP_IN
    if drop_in.exists():
        return
    units = _units(site)
    if not units:
        raise FleetError(f"{site.name} has no carwash-* unit running: provision it first")
    _set_offset(site, 0)
    drop_in.parent.mkdir(parents=True, exist_ok=True)
    drop_in.write_text(
        "[Service]\n"
        f"Environment=LD_PRELOAD={_library(site)} FAKETIME_TIMESTAMP_FILE=/{_OFFSET_FILE}\n"
        "Environment=FAKETIME_CACHE_DURATION=1 DONT_FAKE_MONOTONIC=1 FAKETIME_DONT_FAKE_MONOTONIC=1 NO_FAKE_STAT=1\n"
        "Environment=FAKETIME_DISABLE_SHM=1 FAKETIME_DONT_RESET=1\n"
    )
    _systemctl(site, "daemon-reload")
    _systemctl(site, "restart", *units)
    _wait_until_active(site, units)


def _jump(site: Site, value: str | None) -> str:
    offset = offset_seconds(value or _DEFAULT_OFFSET)
    _prepare(site)
    _set_offset(site, offset)
    return f"the units' clock is {offset:+d} s off"


def _set_right(site: Site) -> None:
    _set_offset(site, 0)


def _set_offset(site: Site, seconds: int) -> None:
    path = site.root / _OFFSET_FILE
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"{seconds:+d}\n")


def _library(site: Site) -> str:
    found = sorted(site.root.glob("usr/lib/*/faketime/libfaketime.so.1"))
    if not found:
        raise FleetError(
            f"libfaketime is not installed on {site.name}: its base image is broken; remove the image and try again"
        )
    return "/" + str(found[0].relative_to(site.root))


def _lose_time_server(site: Site, _value: str | None) -> str:
    mark = site.root / CLOCK_FAULT
    mark.parent.mkdir(exist_ok=True)
    mark.touch()
    return "no time server answers; the clock goes on as it stands"


def _find_time_server(site: Site) -> None:
    (site.root / CLOCK_FAULT).unlink(missing_ok=True)


def _units(site: Site) -> list[str]:
    listing = _systemctl(site, "list-units", "--plain", "--no-legend", "--state=active", "carwash-*.service")
    return [line.split()[0] for line in listing.splitlines() if line.strip()]


def _wait_until_active(site: Site, units: list[str]) -> None:
    deadline = time.monotonic() + _ACTIVE_TIMEOUT_SECONDS
    while container.execute(site, ["systemctl", "is-active", "--quiet", *units]).returncode:
        if time.monotonic() > deadline:
            raise FleetError(f"{', '.join(units)} on {site.name} did not all come back with the new clock")
        time.sleep(0.2)  # systemd would tell us over its bus, which is not worth a library here


def _systemctl(site: Site, *arguments: str) -> str:
    result = container.execute(site, ["systemctl", *arguments], timeout=120)
    if result.returncode:
        raise FleetError(f"`systemctl {' '.join(arguments)}` failed on {site.name}: {result.stderr.strip()}")
    return result.stdout


FAULTS = (
    Fault(
        "clock-jump",
        "The units' clock jumps (VALUE: +3h, -90s, ...; default +3h); ages by the monotonic clock stay right.",
        _jump,
        _set_right,
        _prepare,
    ),
    Fault(
        "clock-unsynchronised",
        "The site finds no time server; its clock is right for now, but nobody vouches for it.",
        _lose_time_server,
        _find_time_server,
    ),
)
