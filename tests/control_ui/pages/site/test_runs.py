"""The runs and alerts of a site, and its status over a week."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from control_ui.models import Alert, Device, DeviceStatusChange, HostResult, Tenant
from control_ui.models.alerts import AlertState
from control_ui.models.devices import DeviceStatus
from control_ui.models.runs import HostOutcome, HostProgress
from control_ui.models.scope import ScopedSession
from control_ui.services.site.touched import timeline
from tests.control_ui import factories
from tests.control_ui.conftest import NOW
from tests.control_ui.pages.site.conftest import Desk
from tests.control_ui.pages.site.test_overview import words


def changed(session: ScopedSession, device: Device, hours_ago: float, status: DeviceStatus) -> None:
    at = NOW - timedelta(hours=hours_ago)
    session.add(
        DeviceStatusChange(tenant_id=device.tenant_id, device_id=device.id, at=at, status=status, reasons=["x"])
    )
    session.flush()


def test_a_timeline_has_no_holes_and_knows_what_was_before_it(session: ScopedSession, device: Device) -> None:
    changed(session, device, 300, DeviceStatus.ONLINE)
    changed(session, device, 10, DeviceStatus.OFFLINE)
    changed(session, device, 8, DeviceStatus.ONLINE)
    found = timeline(session, device, NOW)
    assert [(one.status, round(one.seconds / 3600)) for one in found.stretches] == [
        (DeviceStatus.ONLINE, 158), (DeviceStatus.OFFLINE, 2), (DeviceStatus.ONLINE, 8),
    ]  # fmt: skip
    assert found.seconds_in(DeviceStatus.OFFLINE) == 7200
    assert [one.status for one in found.changes] == [DeviceStatus.ONLINE, DeviceStatus.OFFLINE, DeviceStatus.ONLINE]


def test_time_of_which_nothing_is_known_is_not_made_up(session: ScopedSession, device: Device) -> None:
    changed(session, device, 24, DeviceStatus.ONLINE)
    found = timeline(session, device, NOW)
    assert [one.status for one in found.stretches] == [None, DeviceStatus.ONLINE]
    assert len(found.changes) == 1
    assert timeline(session, device, NOW - timedelta(days=2)).changes == []


def test_runs_show_what_came_of_them_here(desk: Desk) -> None:
    run = factories.run(desk.session, [desk.device], playbook="update_os")
    result = desk.session.query(HostResult).filter_by(run_id=run.id).one()
    result.progress, result.outcome, result.message = HostProgress.DONE, HostOutcome.FAILED, "apt <i>is</i> locked"
    shown = desk.get("/runs").text
    assert f'href="/runs/{run.id}"' in shown
    assert "apt &lt;i&gt;is&lt;/i&gt; locked" in shown
    assert "failed" in words(shown)


def test_only_its_own_runs_and_alerts_are_shown(desk: Desk) -> None:
    tenant = desk.session.get_one(Tenant, desk.device.tenant_id)
    other = factories.device(desk.session, tenant, "pi-other")
    factories.run(desk.session, [other], playbook="reboot")
    now = datetime.now(UTC)
    for device, name in ((desk.device, "Ours"), (other, "Theirs")):
        desk.session.add(
            Alert(
                tenant_id=tenant.id, device_id=device.id, fingerprint=name, name=f"Alert{name}", severity="critical",
                state=AlertState.FIRING, labels={}, annotations={}, starts_at=now, received_at=now,
            )
        )  # fmt: skip
    shown = words(desk.get("/runs").text)
    assert "No run has touched it yet." in shown
    assert "AlertOurs" in shown
    assert "AlertTheirs" not in shown


def test_long_lists_come_in_pages(desk: Desk) -> None:
    for _ in range(30):
        factories.run(desk.session, [desk.device])
    first = desk.get("/runs").text
    cursor = first.partition("cursor=")[2].partition('"')[0]
    assert first.count('href="/runs/') == 25
    assert desk.get(f"/runs?cursor={cursor}").text.count('href="/runs/') == 5
    assert desk.get("/runs?cursor=nonsense").status_code == 422
