"""A real Alertmanager with the role's configuration, its times shortened, while a cause takes 40 % of the sites."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from control_ui.services.alertmanager.client import Alertmanager, Matcher
from tests.monitoring.alertmanager_process import AlertmanagerProcess
from tests.monitoring.rendered import CONTROL_TOKEN, render
from virtual_fleet.drill.pager import Notification, Pager

CUT = 40
"""Of a tenant with a hundred sites."""
ESCALATION_SECONDS = 6
SECONDS = 60
"""For a notification to come."""


@dataclass(frozen=True)
class Monitoring:
    alertmanager: AlertmanagerProcess
    pager: Pager

    def cut(self, tenant: str, *, ended: bool = False) -> None:
        """What Prometheus tells when 40 % of this tenant's sites are away, or are back."""
        sites = [{"tenant": tenant, "device": f"pi-{n}", "site": f"Site {n}", "region": "south"} for n in range(CUT)]
        offline = [{"alertname": "DeviceOffline", "severity": "critical", **site} for site in sites]
        unreachable = [{"alertname": "DeviceUnreachable", "severity": "warning", **site} for site in sites]
        wide = {"alertname": "WideOutage", "severity": "critical", "tenant": tenant}
        if ended:  # sites first: the outage is over once enough of them are back
            self.alertmanager.tell(*offline, *unreachable, ended=True)
        self.alertmanager.tell(wide, *([] if ended else [*offline, *unreachable]), ended=ended)

    def count(self, receiver: str, status: str) -> Counter[str]:
        """Notifications to this receiver, by severity."""
        told = self.pager.notifications
        return Counter(one.severity for one in told if one.receiver == receiver and one.status == status)

    def first(self, wanted: Callable[[Notification], bool]) -> Notification:
        """The first that is as wanted, as soon as it is there."""
        found = self.pager.wait_for(wanted, timeout=SECONDS)
        assert found is not None, f"only told of {[(one.receiver, one.names) for one in self.pager.notifications]}"
        return found


@pytest.fixture
def monitoring(tmp_path: Path) -> Iterator[Monitoring]:
    with Pager("127.0.0.1") as pager:
        tenants = [
            {
                "slug": slug,
                "webhooks": [{"url": pager.url(slug)}],
                "escalation_webhooks": [{"url": pager.url(f"{slug}/next")}],
            }
            for slug in ("bluewave", "sudsy")
        ]
        variables = {
            "alertmanager_control_url": pager.url("").rstrip("/"),
            "alertmanager_platform_webhooks": [{"url": pager.url("platform")}],
            "alertmanager_tenants": tenants,
            "alertmanager_escalation_seconds": ESCALATION_SECONDS,
            "alertmanager_critical_group_wait": "3s",
            "alertmanager_critical_group_interval": "1s",
            "alertmanager_warning_group_wait": "3s",
            "alertmanager_warning_group_interval": "1s",
        }
        files = render(tmp_path, variables, tags="alertmanager_configure")
        process = AlertmanagerProcess(files / "alertmanager" / "alertmanager.yml", tmp_path / "data")
        yield Monitoring(process, pager)
        process.kill()


def test_a_wide_outage_is_one_notification_and_goes_on_to_nobody_once_it_is_acknowledged(
    monitoring: Monitoring,
) -> None:
    monitoring.cut("bluewave")
    told = monitoring.first(lambda one: one.receiver == "bluewave")
    assert told.names == {"WideOutage"}
    acknowledge(monitoring.alertmanager, {"alertname": "WideOutage", "severity": "critical", "tenant": "bluewave"})

    monitoring.cut("sudsy")
    escalated = monitoring.first(lambda one: one.receiver == "sudsy/next")
    assert escalated.names == {"WideOutage"}

    # Had the first one gone on, it would have done so before the second.
    assert monitoring.count("bluewave/next", "firing") == {}
    for tenant in ("bluewave", "sudsy"):
        assert monitoring.count(tenant, "firing") == {"critical": 1}

    monitoring.cut("sudsy", ended=True)
    over = monitoring.first(lambda one: one.receiver == "sudsy" and one.status == "resolved")
    assert "WideOutage" in over.names
    assert monitoring.count("sudsy", "resolved") == {"critical": 1}
    assert monitoring.count("sudsy", "firing") == {"critical": 1}


def test_the_control_plane_is_told_of_everything_with_its_token(monitoring: Monitoring) -> None:
    monitoring.cut("bluewave")

    def to_the_control_plane(one: Notification) -> bool:
        return one.receiver == "api/alerts/webhook" and "WideOutage" in one.names

    told = monitoring.first(to_the_control_plane)
    assert told.authorization == f"Bearer {CONTROL_TOKEN}"


def acknowledge(process: AlertmanagerProcess, labels: dict[str, str]) -> None:
    """A silence of exactly this alert, as the control plane makes it."""
    now = datetime.now(UTC)
    matchers = [Matcher(name=name, value=value) for name, value in labels.items()]
    alertmanager = Alertmanager(process.url)
    alertmanager.silence(
        matchers, created_by="a test", comment="acknowledged", starts_at=now, ends_at=now + timedelta(hours=1)
    )
    alertmanager.close()
