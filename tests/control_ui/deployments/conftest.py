"""A tenant with a template and Pis that check in, and a clock that only the test moves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from control_ui.models import (
    AuditEntry,
    ConfigTemplate,
    Deployment,
    DeploymentDevice,
    Device,
    HostResult,
    Run,
    TemplateVersion,
    Tenant,
    User,
)
from control_ui.models.deployments import Strategy
from control_ui.models.devices import DeviceStatus
from control_ui.models.people import Role
from control_ui.models.runs import HostOutcome, HostProgress, RunState
from control_ui.models.scope import ALL_TENANTS, Scope, ScopedSession, SessionFactory, open_session
from control_ui.services.actor import Actor
from control_ui.services.deployments.advance import advance
from control_ui.services.deployments.parameters import Parameters
from control_ui.services.deployments.request import DeployRequest, deploy
from control_ui.services.devices import status
from control_ui.services.devices.enrolment import sha256
from control_ui.services.runs import dispatch
from tests.control_ui import factories
from tests.control_ui.conftest import NOW
from tests.control_ui.deployments.site import Direct, Line, Pi

CONTROL_URL = "http://control.test"
BODY = {"rtsp_url": "{{ camera.url }}", "snapshot_interval_seconds": 12}


@dataclass
class Stage:
    """One tenant's fleet. `now` is the time; nothing else moves it."""

    sessions: SessionFactory
    tenant: Tenant
    admin: User
    operator: User
    template: ConfigTemplate
    pis: dict[str, Pi]
    ids: dict[str, int]
    now: datetime = NOW
    off: set[str] = field(default_factory=set)

    @contextmanager
    def session(self) -> Iterator[ScopedSession]:
        with open_session(self.sessions, Scope(self.tenant.id)) as session:
            yield session

    @property
    def actor(self) -> Actor:
        return factories.actor(self.operator)

    @property
    def other(self) -> Actor:
        return factories.actor(self.admin)

    def new_version(self, **settings: Any) -> int:
        """Another version of the template; its number."""
        with self.session() as session:
            template = session.get_one(ConfigTemplate, self.template.id)
            template.latest_number += 1
            number = template.latest_number
            version = TemplateVersion(
                tenant_id=self.tenant.id,
                template=template,
                number=number,
                body=BODY | settings,
                overlays={},
                content_sha256=f"{number:064d}",
                created_at=self.now,
            )
            session.add(version)
            session.commit()
            return number

    def deploy(self, *names: str, strategy: Strategy = Strategy.ALL, reason: str = "a test", **wishes: Any) -> int:
        """To these devices, or to all; the deployment's id. Wishes are fields of DeployRequest and Parameters."""
        target = {"device_ids": [self.ids[name] for name in names]} if names else {"all": True}
        version, version_b = wishes.pop("version", None), wishes.pop("version_b", None)
        actor = wishes.pop("actor", self.actor)
        wanted = DeployRequest(target, strategy, version, version_b, Parameters(**wishes), reason)
        with self.session() as session:
            made = deploy(session, actor, self.template.id, wanted, control_url=CONTROL_URL, now=self.now)
            return made.id

    def advance(self, seconds: float = 0) -> int:
        """Let time pass, and move the deployments."""
        self.now += timedelta(seconds=seconds)
        with open_session(self.sessions, ALL_TENANTS) as session:
            return advance(session, self.now)

    def check_in(self, *names: str, seconds: float = 1) -> None:
        """These Pis check in, or all that are not off; a second later."""
        self.now += timedelta(seconds=seconds)
        for name in names or [name for name in self.pis if name not in self.off]:
            self.pis[name].check_in(self.now)

    def round(self, seconds: float = 1) -> None:
        """Deployments move, the Pis check in, deployments move."""
        self.advance()
        self.check_in(seconds=seconds)
        self.advance()

    def switch_off(self, *names: str) -> None:
        """These Pis fall silent, and that is noticed; the others go on checking in."""
        self.off |= set(names)
        self.check_in(seconds=60)
        with open_session(self.sessions, ALL_TENANTS) as session:
            status.mark_silent(session, self.now)

    def switch_on(self, *names: str) -> None:
        self.off -= set(names)

    def deployment(self, deployment_id: int) -> Deployment:
        with self.session() as session:
            return session.get_one(Deployment, deployment_id)

    def rollback_of(self, deployment_id: int) -> int:
        """The id of the one deployment that takes this one back."""
        with self.session() as session:
            return session.scalars(sa.select(Deployment.id).where(Deployment.rollback_of_id == deployment_id)).one()

    def rows(self, deployment_id: int) -> dict[str, DeploymentDevice]:
        query = (
            sa.select(Device.name, DeploymentDevice)
            .join(DeploymentDevice, DeploymentDevice.device_id == Device.id)
            .where(DeploymentDevice.deployment_id == deployment_id)
            .order_by(Device.name)
        )
        with self.session() as session:
            return dict(session.execute(query).unique().all())

    def progress(self, deployment_id: int) -> dict[str, str]:
        return {name: str(row.progress) for name, row in self.rows(deployment_id).items()}

    def device(self, name: str) -> Device:
        with self.session() as session:
            return session.get_one(Device, self.ids[name])

    def runs(self, deployment_id: int) -> list[Run]:
        with self.session() as session:
            return list(session.scalars(sa.select(Run).where(Run.deployment_id == deployment_id).order_by(Run.id)))

    def hosts(self, run_id: int) -> dict[str, HostResult]:
        with self.session() as session:
            query = sa.select(HostResult).where(HostResult.run_id == run_id)
            return {host.host: host for host in session.scalars(query)}

    def dispatch(self) -> list[int]:
        """Cut the runs that can begin in slices."""
        with open_session(self.sessions, ALL_TENANTS) as session:
            return dispatch.ready_slices(session, self.now, 100)

    def report(self, run_id: int, host: str, outcome: HostOutcome, message: str = "") -> None:
        """What a worker has stored of a host of a run."""
        with self.session() as session:
            query = sa.update(HostResult).where(HostResult.run_id == run_id, HostResult.host == host)
            session.execute(query.values(outcome=outcome, message=message, progress=HostProgress.DONE))
            session.commit()

    def end_runs(self, deployment_id: int) -> None:
        with self.session() as session:
            query = sa.update(Run).where(Run.deployment_id == deployment_id)
            session.execute(query.values(state=RunState.SUCCEEDED, finished_at=self.now))
            session.commit()

    def audit(self, deployment_id: int) -> list[AuditEntry]:
        with self.session() as session:
            query = sa.select(AuditEntry).where(
                AuditEntry.subject_type == "deployment", AuditEntry.subject_id == str(deployment_id)
            )
            return list(session.scalars(query.order_by(AuditEntry.sequence)))


def make_stage(
    sessions: SessionFactory,
    line: Line,
    *names: str,
    requires_approval: bool = False,
    ours: bool = True,
    now: datetime = NOW,
) -> Stage:
    """Pis that run version 1, which came from here if it is `ours`, and check in."""
    with open_session(sessions, ALL_TENANTS) as session:
        tenant = factories.tenant(session, requires_approval=requires_approval)
        admin, operator = (factories.user(session, tenant, role) for role in (Role.ADMIN, Role.OPERATOR))
        version = factories.template(session, tenant, BODY)
        ids = {name: _device(session, tenant, name, version, ours=ours).id for name in names}
        session.commit()
        pis = {name: Pi(name, f"token of {name} {tenant.id}", line, version=1) for name in names}
        stage = Stage(sessions, tenant, admin, operator, version.template, pis, ids, now)
    stage.check_in(seconds=0)
    return stage


def _device(session: ScopedSession, tenant: Tenant, name: str, version: TemplateVersion, *, ours: bool) -> Device:
    device = factories.device(
        session,
        tenant,
        name,
        token_sha256=sha256(f"token of {name} {tenant.id}"),
        ssh_host_keys=["ssh-ed25519 AAAA"],
        status=DeviceStatus.ONLINE,
        template_id=version.template_id if ours else None,
    )
    if ours:
        device.state.desired_config = factories.config_version(session, device, 1, template_version_id=version.id)
    return device


@pytest.fixture
def stage_of(sessions: SessionFactory) -> Callable[..., Stage]:
    """Makes a stage with Pis of these names."""

    def make(*names: str, **wishes: Any) -> Stage:
        return make_stage(sessions, Direct(sessions), *names, **wishes)

    return make


@pytest.fixture
def stage(stage_of: Callable[..., Stage]) -> Stage:
    """Five Pis."""
    return stage_of("pi-1", "pi-2", "pi-3", "pi-4", "pi-5")
