"""Runs of the playbooks in the project beside this file."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from control_ui.jobs import heart, recorder, slices
from control_ui.jobs.context import JobContext, make_context, using
from control_ui.jobs.stopping import STOPPING
from control_ui.models import Device, Run, Tenant, User
from control_ui.models.people import Role
from control_ui.models.scope import ScopedSession
from control_ui.services.actor import Actor
from control_ui.services.runs.catalogue import catalogue
from control_ui.services.runs.requests import RunRequest, request
from control_ui.settings import REPOSITORY, Settings
from tests.control_ui import factories
from tests.control_ui.conftest import NOW
from tests.control_ui.runs.caller import Caller

PROJECT = Path(__file__).with_name("project")
Ask = Callable[..., Run]


@pytest.fixture
def settings(settings: Settings) -> Iterator[Settings]:
    """Of a control plane whose playbooks are the project's, with a private key for its worker."""
    settings.ssh_key_dir.mkdir(parents=True)
    key = settings.ssh_key_dir / "default"
    key.touch(mode=0o600)
    catalogue.load(PROJECT)
    yield dataclasses.replace(settings, repository=PROJECT)
    catalogue.load(REPOSITORY)


@pytest.fixture
def here(settings: Settings) -> Iterator[JobContext]:
    """What jobs of this process use."""
    made = make_context(settings)
    with using(made):
        yield made
    made.close()


@dataclass
class Fleet:
    """A tenant with an admin, an operator, and devices."""

    tenant: Tenant
    admin: User
    operator: User
    devices: list[Device]

    @property
    def actor(self) -> Actor:
        return factories.actor(self.operator)

    @property
    def other(self) -> Actor:
        return factories.actor(self.admin)

    def named(self, *names: str) -> list[Device]:
        return [device for device in self.devices if device.name in names]

    def ids(self, *names: str) -> list[int]:
        """Of these devices; of all, if none is named."""
        return [device.id for device in (self.named(*names) if names else self.devices)]


def make_fleet(session: ScopedSession, *names: str, requires_approval: bool = False) -> Fleet:
    tenant = factories.tenant(session, requires_approval=requires_approval)
    admin, operator = (factories.user(session, tenant, role) for role in (Role.ADMIN, Role.OPERATOR))
    devices = [factories.device(session, tenant, name) for name in names]
    session.commit()
    return Fleet(tenant, admin, operator, devices)


@pytest.fixture
def fleet(settings: Settings, session: ScopedSession) -> Fleet:
    """Three devices of a tenant without four eyes."""
    return make_fleet(session, "pi-01", "pi-02", "pi-03")


@pytest.fixture
def careful(settings: Settings, session: ScopedSession) -> Fleet:
    """Three devices of a tenant that asks for four eyes."""
    return make_fleet(session, "pi-01", "pi-02", "pi-03", requires_approval=True)


@pytest.fixture(autouse=True)
def go_on() -> Iterator[None]:
    """No worker of these tests is told to stop, but by its test."""
    STOPPING.clear()
    yield
    STOPPING.clear()


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is waited for comes soon."""
    monkeypatch.setattr(heart, "BEAT_SECONDS", 0.1)
    for module, name in ((recorder, "FLUSH_SECONDS"), (recorder, "AWAY_SECONDS"), (slices, "RETRY_SECONDS")):
        monkeypatch.setattr(module, name, 0.05)


@pytest.fixture
def ask(session: ScopedSession, fleet: Fleet, tmp_path: Path) -> Ask:
    """Asks for a run of `playbook` in `tmp_path`."""

    def of(playbook: str, *names: str, asker: Fleet = fleet, **values: Any) -> Run:
        variables = {} if playbook == "look" else {"directory": str(tmp_path)}
        wanted = RunRequest(playbook, {"device_ids": asker.ids(*names)}, variables, **values)
        return request(session, asker.actor, wanted, NOW)

    return of


@pytest.fixture
def operator(app: Flask, session: ScopedSession, fleet: Fleet) -> Caller:
    """The API, as the fleet's operator calls it."""
    return Caller(app, fleet.operator, session)
