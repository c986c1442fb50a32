"""Takes the hosts of an inventory in as devices: all of them, or none; doing it again changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from control_ui.models import Device, Site, Tenant
from control_ui.models.scope import ScopedSession
from control_ui.services.actor import Actor
from control_ui.services.audit.trail import Subject, record
from control_ui.services.devices import enrolment, facts, records
from control_ui.services.devices.inventory_hosts import FoundHost
from control_ui.services.devices.loading import LEAN
from control_ui.services.devices.ssh_host_keys import KnownHosts
from control_ui.services.errors import Fault, InvalidError


@dataclass(frozen=True)
class Options:
    """What else than hosts there is to know."""

    create_tenants: bool = False
    known_hosts: KnownHosts | None = None
    enrolment_lifetime: timedelta | None = None
    """Make enrolment tokens, valid for so long, for the devices that have no device token."""


@dataclass
class Outcome:
    """What was done, by device name. `notes` are for a person to look at."""

    created_tenants: list[str] = field(default_factory=list)
    added: dict[str, facts.Changes] = field(default_factory=dict)
    changed: dict[str, facts.Changes] = field(default_factory=dict)
    left: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    enrolment_tokens: dict[str, str] = field(default_factory=dict)


def take_in(
    session: ScopedSession, actor: Actor, hosts: Sequence[FoundHost], options: Options, *, reason: str, now: datetime
) -> Outcome:
    """Flushes and does not commit: the caller shows it, keeps the tokens, and then commits. Raises InvalidError with
    every fault."""
    work = _Import(session, actor, options, reason, now)
    work.find_tenants(hosts)
    work.find_devices()
    for host in hosts:
        work.take(host)
    session.flush()
    work.leave_trace()
    return work.outcome


class _Import:
    """One import under way."""

    def __init__(self, session: ScopedSession, actor: Actor, options: Options, reason: str, now: datetime) -> None:
        self.outcome = Outcome()
        self._session = session
        self._actor = actor
        self._options = options
        self._reason = reason
        self._now = now
        self._tenants: dict[str, Tenant] = {}
        self._devices: dict[tuple[int, str], Device] = {}
        self._sites: dict[tuple[int, str], Site] = {}
        self._names: dict[int, list[str]] = {}
        """By tenant, the devices of this inventory."""

    def find_tenants(self, hosts: Sequence[FoundHost]) -> None:
        """Raises InvalidError where one is missing and not to be made."""
        slugs = {host.tenant for host in hosts}
        query = sa.select(Tenant).where(Tenant.slug.in_(slugs))
        self._tenants = {row.slug: row for row in self._session.scalars(query)}
        missing = sorted(slugs - self._tenants.keys())
        if missing and not self._options.create_tenants:
            what = "does not exist: create it, or give --create-tenants"
            raise InvalidError("nothing was imported", [Fault(f"tenants.{slug}", what) for slug in missing])
        for slug in missing:
            self._tenants[slug] = self._new_tenant(slug)

    def find_devices(self) -> None:
        """What is there already."""
        ids = [tenant.id for tenant in self._tenants.values()]
        devices = sa.select(Device).where(Device.tenant_id.in_(ids)).options(*LEAN)
        self._devices = {(row.tenant_id, row.name): row for row in self._session.scalars(devices).unique()}
        sites = sa.select(Site).where(Site.tenant_id.in_(ids))
        self._sites = {(row.tenant_id, row.name): row for row in self._session.scalars(sites)}

    def take(self, host: FoundHost) -> None:
        """Bring one host's device and site to what the inventory says."""
        tenant = self._tenants[host.tenant]
        self._names.setdefault(tenant.id, []).append(host.name)
        with self._session.no_autoflush:  # one flush for all of them at the end
            site, changes = self._put_site(tenant, host)
            device = self._devices.get((tenant.id, host.name))
            is_new = device is None
            if device is None:
                device = records.new(tenant.id, site, host.name, self._now)
                self._devices[tenant.id, host.name] = device
                self._session.add(device)
            elif device.site is not site:
                changes["site"] = (device.site.name, site.name)
                device.site = site
            changes |= facts.put(device, host.device)
            changes |= self._put_host_keys(device)
        if is_new:
            self.outcome.added[host.name] = changes
        elif changes:
            self.outcome.changed[host.name] = changes
        else:
            self.outcome.left.append(host.name)

    def leave_trace(self) -> None:
        """Enrolment tokens where they are asked for, and one audit entry for each tenant with everything in it."""
        for tenant in self._tenants.values():
            names = self._names[tenant.id]
            tokens = self._enrol(tenant, names)
            self.outcome.enrolment_tokens |= tokens
            before, after = self._trace(names, sorted(tokens))
            if any(after.values()):
                record(
                    self._session,
                    self._actor,
                    "inventory.import",
                    Subject("tenant", tenant.id, tenant.name),
                    tenant_id=tenant.id,
                    reason=self._reason,
                    before=before,
                    after=after,
                    at=self._now,
                )

    def _new_tenant(self, slug: str) -> Tenant:
        tenant = Tenant(slug=slug, name=slug.replace("-", " ").title(), created_at=self._now)
        self._session.add(tenant)
        self._session.flush()
        record(
            self._session,
            self._actor,
            "tenant.create",
            Subject("tenant", tenant.id, tenant.name),
            tenant_id=tenant.id,
            reason=self._reason,
            after={"slug": slug, "name": tenant.name},
            at=self._now,
        )
        self.outcome.created_tenants.append(slug)
        return tenant

    def _put_site(self, tenant: Tenant, host: FoundHost) -> tuple[Site, facts.Changes]:
        name = host.site["name"]
        site = self._sites.get((tenant.id, name))
        if site is None:
            site = self._sites[tenant.id, name] = Site(tenant_id=tenant.id, created_at=self._now)
            self._session.add(site)
        return site, {f"site_{field}": pair for field, pair in facts.put(site, host.site).items()}

    def _put_host_keys(self, device: Device) -> facts.Changes:
        """Keys a Pi has registered with are its own word: a file does not overrule them."""
        if self._options.known_hosts is None:
            return {}
        keys = self._options.known_hosts.keys_of([device.name, device.address or ""], device.ssh_port)
        before = device.ssh_host_keys or []
        if not keys:
            self.outcome.notes += [] if before else [f"{device.name}: the known_hosts file has no key of it"]
            return {}
        if device.registered_at is None or not before:
            return facts.put(device, {"ssh_host_keys": keys})
        if not set(keys) <= set(before):
            self.outcome.notes.append(f"{device.name}: it registered with other keys than the known_hosts file has")
        return {}

    def _enrol(self, tenant: Tenant, names: list[str]) -> dict[str, str]:
        lifetime = self._options.enrolment_lifetime
        devices = [self._devices[tenant.id, name] for name in names]
        without = [device for device in devices if device.token_sha256 is None] if lifetime is not None else []
        return {
            device.name: enrolment.add(
                self._session, self._actor, device, lifetime=lifetime or enrolment.DEFAULT_LIFETIME, now=self._now
            )[1]
            for device in without
        }

    def _trace(self, names: list[str], enrolled: list[str]) -> tuple[dict[str, Any], dict[str, Any]]:
        added, changed = (
            {name: facts.before_and_after(what[name]) for name in names if name in what}
            for what in (self.outcome.added, self.outcome.changed)
        )
        after = {
            "added": {name: pair[1] for name, pair in added.items()},
            "changed": {name: pair[1] for name, pair in changed.items()},
            "enrolment_tokens_for": enrolled,
        }
        return {name: pair[0] for name, pair in changed.items()}, after
