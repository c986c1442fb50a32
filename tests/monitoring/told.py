"""What everything that is scraped really tells: a Pi, the control plane, and a fleet in its database."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from control_ui.models import Deployment, HealingCase
from control_ui.models.deployments import DeploymentState, Strategy
from control_ui.models.devices import DeviceStatus
from control_ui.models.healing import CaseState
from control_ui.models.runs import RunState
from control_ui.models.scope import ScopedSession
from control_ui.services.actor import system
from control_ui.services.audit import verify
from control_ui.services.audit.trail import Subject, record
from control_ui.services.healing import rounds
from control_ui.services.healing.plain import Limits
from pi_service.atomic_files import write_json
from tests.control_ui import factories
from tests.control_ui.devices.conftest import report
from tests.pi_service.api_fixtures import Pi
from tests.pi_service.test_api_metrics import AGENT

HEADERS = {"Authorization": "Bearer metrics-token-of-the-tests"}
NODE_EXPORTER = Path(__file__).with_name("node_exporter.prom").read_text()


@dataclass(frozen=True)
class Told:
    """Texts in Prometheus' format, by job."""

    pi: Pi
    pis: str
    devices: str
    control_plane: str
    node: str = NODE_EXPORTER

    def asked_again(self) -> str:
        """What the Pi tells after somebody has asked it for a picture once more."""
        self.pi.get("/api/snapshot")
        return self.pi.get("/metrics", key=None).text


@pytest.fixture
def told(pi: Pi, client: FlaskClient, session: ScopedSession) -> Told:
    """Of a fleet in which everything occurs."""
    _work(pi)
    _populate(session)
    client.get("/healthz")
    return Told(
        pi=pi,
        pis=pi.get("/metrics", key=None).text,
        devices=client.get("/api/prometheus/devices", headers=HEADERS).text,
        control_plane=client.get("/metrics", headers=HEADERS).text,
    )


def _work(pi: Pi) -> None:
    pi.publish()
    pi.report_stream(ffmpeg_pid=os.getpid())
    write_json(pi.paths.agent_state, AGENT)
    write_json(pi.paths.state_dir / "config-apply.json", {"counts": {"applied": 3, "refused": 1}})
    pi.get("/api/snapshot")
    pi.get("/api/snapshot", key=None)
    pi.clocks.pass_time(600)  # so that its picture is stale by now
    pi.get("/api/snapshot")


def _populate(session: ScopedSession) -> None:
    now = datetime.now(UTC)
    tenant = factories.tenant(session, "acme")
    parts = {part: report()[part] for part in ("status", "stream", "metrics")}
    parts["metrics"]["unit_started_seconds"] = {"carwash-stream.service": 12.5}
    seen = {"last_seen_at": now, "report": parts}
    first = factories.device(session, tenant, "pi-1", status=DeviceStatus.DEGRADED, **seen)
    factories.device(session, tenant, "pi-2", status=DeviceStatus.OFFLINE, **seen)
    factories.device(session, tenant, "pi-hidden", address="", status=DeviceStatus.ONLINE, **seen)
    factories.run(session, [first], state=RunState.QUEUED)
    factories.run(session, [first], state=RunState.LOST)
    of_result = {"strategy": Strategy.ALL, "target": {}, "requested_by": "x", "requested_at": now}
    session.add(Deployment(tenant_id=tenant.id, state=DeploymentState.ROLLED_BACK, **of_result))
    session.commit()
    rounds.round_(session, Limits(), now)
    session.add(
        HealingCase(
            tenant_id=tenant.id, device_id=first.id, condition="camera_away", cause="unreachable", words="", note="",
            since=now, opened_at=now, state=CaseState.ESCALATED,
        )
    )  # fmt: skip
    record(session, system("a test"), "thing.act", Subject("thing", 1), tenant_id=None, at=now)
    session.commit()
    verify.check(session, system("a test"), now)
    session.commit()
