"""Brings a fleet up: what is missing is made, what is there is left alone."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from virtual_fleet import access, cgroups, container, image, inventory, limits, network, places, site_camera, state
from virtual_fleet.commands import say
from virtual_fleet.errors import FleetError
from virtual_fleet.site import MAX_SITES, Site
from virtual_fleet.state import FleetState, sites_of

Result = TypeVar("Result")
_BOOTS_AT_ONCE_PER_CPU = 4
_QUESTIONS_AT_ONCE = 32
_PROGRESS_SECONDS = 3.0


@dataclass(frozen=True)
class Wishes:
    """What a user asked of `up`; None leaves a choice to what is remembered, or to the default."""

    sites: int
    bare: bool
    inventory: Path | None = None
    interval_seconds: float | None = None
    disk_megabytes: int | None = None
    control_url: str | None = None
    enrolment_tokens: Mapping[str, str] = field(default_factory=dict)
    tenants: int | None = None


def bring_up(name: str, wishes: Wishes) -> None:
    """Have the wished sites running. The caller holds the fleet's lock. Raises FleetError."""
    _check(name, wishes)
    remembered = _remember(name, wishes)
    sites = sites_of(remembered)
    missing = [site for site in sites if not container.is_whole(site)]
    if missing:
        limits.raise_limits()
    network.create_bridge(name, remembered.prefix)
    access.create_fleet_secrets(name)
    for site in sites:
        access.create_site_secrets(site)
    access.write_known_hosts(name, sites)
    inventory_path = Path(remembered.inventory)
    inventory.write(inventory_path, _inventory_of(remembered))
    _start(missing, remembered)
    _start_missing_cameras(sites, remembered)
    _wait_for_the_others([site for site in sites if site not in missing], remembered)
    say(f"{len(sites)} sites are up ({len(missing)} started now); inventory: {inventory_path}")


def start_site(site: Site, remembered: FleetState) -> None:
    """Boot one site and return when its sshd answers. Whatever an earlier run left of it is cleared first."""
    cgroups.kill(site.fleet, site.name, "boot")
    cgroups.kill(site.fleet, site.name, "keeper")
    cgroups.remove(site.fleet, site.name, "boot")
    container.mount(site, Path(remembered.image), remembered.disk_megabytes)
    container.write_identity(site, access.client_key(site.fleet).with_suffix(".pub").read_text())
    container.boot(site)
    container.wait_for_ssh(site)


def gateway_of(remembered: FleetState) -> str:
    """This machine's address as the sites see it."""
    return network.gateway_address(remembered.prefix)


def in_parallel(ask: Callable[[Site], Result], sites: Sequence[Site]) -> list[Result]:
    """Ask all sites at once, and return the answers in the sites' order."""
    with ThreadPoolExecutor(_QUESTIONS_AT_ONCE) as pool:
        return list(pool.map(ask, sites))


def _check(name: str, wishes: Wishes) -> None:
    """Refuse what cannot be, before anything is changed. Raises FleetError."""
    if not 1 <= (wishes.tenants or 1) <= len(inventory.TENANTS):
        raise FleetError(f"a fleet's sites belong to 1 to {len(inventory.TENANTS)} tenants, not {wishes.tenants}")
    if not 1 <= wishes.sites <= MAX_SITES:
        raise FleetError(f"--sites is {wishes.sites}; a fleet has 1 to {MAX_SITES} sites")
    remembered = state.load(name)
    if remembered and remembered.bare != wishes.bare:
        kind = "bare" if remembered.bare else "with cameras"
        raise FleetError(f"fleet {name!r} is up {kind}; end it first: python -m virtual_fleet down --name {name}")
    known = sites_of(remembered) if remembered else ()
    names = [Site(name, index, "").name for index in range(max(wishes.sites, len(known)))]
    if strangers := sorted(wishes.enrolment_tokens.keys() - set(names)):
        raise FleetError(f"enrolment tokens for {', '.join(strangers)}; fleet {name!r} has {names[0]} to {names[-1]}")
    running = sum(container.is_whole(site) for site in known)
    limits.check_memory(len(names) - running, bare=wishes.bare)


def _remember(name: str, wishes: Wishes) -> FleetState:
    """The fleet's state with the wishes in it, saved before anything is started."""
    remembered = state.load(name) or _found(name, bare=wishes.bare)
    _refresh_image(remembered)
    remembered.sites = max(remembered.sites, wishes.sites)
    remembered.inventory = str(wishes.inventory.resolve()) if wishes.inventory else remembered.inventory
    remembered.interval_seconds = wishes.interval_seconds or remembered.interval_seconds
    remembered.tenants = wishes.tenants or remembered.tenants
    remembered.disk_megabytes = wishes.disk_megabytes or remembered.disk_megabytes
    remembered.control_url = wishes.control_url or remembered.control_url
    remembered.enrolment_tokens |= wishes.enrolment_tokens
    remembered.save()
    return remembered


def _inventory_of(remembered: FleetState) -> dict[str, Any]:
    return inventory.document(
        sites_of(remembered),
        bare=remembered.bare,
        interval_seconds=remembered.interval_seconds,
        tenants=remembered.tenants or len(inventory.TENANTS),
        control_url=remembered.control_url,
        enrolment_tokens=remembered.enrolment_tokens,
    )


def _found(name: str, *, bare: bool) -> FleetState:
    """A new fleet's state. It is saved before another fleet may choose its network."""
    newest = str(image.ensure())
    with state.locked_file(places.STATE_ROOT / ".networks.lock"):
        prefix = network.choose_prefix({fleet.prefix for fleet in state.known_fleets()})
        founded = FleetState(name, prefix, newest, str(inventory.default_path(name)), bare=bare)
        founded.save()
    return founded


def _refresh_image(remembered: FleetState) -> None:
    """A fleet stays on its image as long as one of its sites stands on it."""
    if not any(site.root.is_mount() for site in sites_of(remembered)):
        remembered.image = str(image.ensure())
    elif remembered.image != str(image.wanted()):
        say(f"fleet {remembered.name!r} stays on its older base image; `down` and `up` give it the newest")


def _start(missing: Sequence[Site], remembered: FleetState) -> None:
    """Boot in bounded batches: all at once would only drive the load up. Raises the first failure, at once."""
    pool = ThreadPoolExecutor(_BOOTS_AT_ONCE_PER_CPU * (os.cpu_count() or 1))
    started, shown = time.monotonic(), time.monotonic()
    try:
        boots = [pool.submit(_start_anew, site, remembered) for site in missing]
        for count, boot in enumerate(as_completed(boots), start=1):
            boot.result()
            if time.monotonic() - shown > _PROGRESS_SECONDS or count == len(missing):
                shown = time.monotonic()
                say(f"{count} of {len(missing)} sites booted, {shown - started:.1f} s")
    finally:
        pool.shutdown(cancel_futures=True)
    for site in missing:
        remembered.faults.pop(site.name, None)
    remembered.save()


def _start_anew(site: Site, remembered: FleetState) -> None:
    """A site that is started anew has no faults: a pulled cable is plugged in again."""
    network.unplug(site)
    if not remembered.bare:
        site_camera.stop(site)
        site_camera.start(site)
    start_site(site, remembered)


def _start_missing_cameras(sites: Sequence[Site], remembered: FleetState) -> None:
    if not remembered.bare:
        for site in sites:
            if not site_camera.is_running(site):
                site_camera.start(site)


def _wait_for_the_others(sites: Sequence[Site], remembered: FleetState) -> None:
    """An interrupted `up` leaves sites that are still booting. One with a fault may have no network, by intent."""
    in_parallel(container.wait_for_ssh, [site for site in sites if not remembered.faults.get(site.name)])
