"""The figures of the platform as Prometheus' metrics."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import CollectorRegistry
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from control_ui.models.deployments import FINAL_DEPLOYMENT_STATES
from control_ui.models.devices import DeviceStatus
from control_ui.models.runs import FINAL_RUN_STATES, RunState
from control_ui.services.fleet_figures import Figures


def registry_of(figures: Figures | None) -> CollectorRegistry:
    """A registry with these figures; with none the database does not answer, which is a figure too."""
    registry = CollectorRegistry()
    registry.register(_Fleet(figures))
    return registry


class _Fleet(Collector):
    def __init__(self, figures: Figures | None) -> None:
        self._figures = figures

    def collect(self) -> Iterator[Metric]:
        up = 0 if self._figures is None else 1
        yield GaugeMetricFamily("carwash_control_database_up", "Whether the database answers.", value=up)
        if self._figures is not None:
            yield from _of_devices(self._figures)
            yield from _of_work(self._figures)
            yield from _of_audit(self._figures)
            yield from _of_healing(self._figures)
            yield from _of_alertmanager(self._figures)


def _of_devices(figures: Figures) -> Iterator[Metric]:
    online = GaugeMetricFamily("carwash_total_devices_online", "Devices whose status is online.", labels=["tenant"])
    for tenant in sorted({tenant for tenant, _ in figures.devices}):
        online.add_metric([tenant], figures.devices.get((tenant, DeviceStatus.ONLINE.value), 0))
    yield online
    devices = GaugeMetricFamily("carwash_devices", "Devices by status.", labels=["tenant", "status"])
    for (tenant, status), count in sorted(figures.devices.items()):
        devices.add_metric([tenant, _label(status)], count)
    yield devices
    alerts = GaugeMetricFamily("carwash_alerts_active_count", "Alerts that are firing.", labels=["severity"])
    for severity, count in figures.alerts.items():
        alerts.add_metric([severity], count)
    yield alerts


def _of_work(figures: Figures) -> Iterator[Metric]:
    deployments = CounterMetricFamily(
        "carwash_configuration_deployments", "Deployments that have ended.", labels=["result"]
    )
    for state in FINAL_DEPLOYMENT_STATES:
        deployments.add_metric([_label(state)], figures.deployments.get(state.value, 0))
    yield deployments
    open_runs = GaugeMetricFamily("carwash_runs", "Runs that have not ended.", labels=["state"])
    ended = CounterMetricFamily("carwash_runs_ended", "Runs that have ended.", labels=["state"])
    for word in RunState:
        (ended if word in FINAL_RUN_STATES else open_runs).add_metric([word.value], figures.runs.get(word.value, 0))
    yield from (open_runs, ended)
    yield GaugeMetricFamily(
        "carwash_oldest_queued_run_age_seconds",
        "How long the first run in the queue has been due.",
        value=figures.oldest_queued_run_seconds,
    )


def _of_audit(figures: Figures) -> Iterator[Metric]:
    intact = GaugeMetricFamily(
        "carwash_audit_chain_intact", "Whether the last verification found it whole.", labels=["chain"]
    )
    verified = GaugeMetricFamily("carwash_audit_verified_timestamp_seconds", "When that was.", labels=["chain"])
    for chain, (whole, at) in sorted(figures.audit.items()):
        intact.add_metric([chain], int(whole))
        verified.add_metric([chain], at.timestamp())
    yield from (intact, verified)


def _of_healing(figures: Figures) -> Iterator[Metric]:
    actions = CounterMetricFamily(
        "carwash_healing_actions", "Attempts of self-healing that have ended.", labels=["action", "result"]
    )
    for (action, result), count in sorted(figures.healing_actions.items()):
        actions.add_metric([_label(action), _label(result)], count)
    yield actions
    yield GaugeMetricFamily(
        "carwash_healing_brake_engaged",
        "Whether attempts of self-healing that were due were held back in the last round.",
        value=int(figures.healing_brake),
    )
    if figures.healing_round_at is not None:
        yield GaugeMetricFamily(
            "carwash_healing_last_round_timestamp_seconds",
            "When self-healing last looked at the fleet.",
            value=figures.healing_round_at.timestamp(),
        )


def _of_alertmanager(figures: Figures) -> Iterator[Metric]:
    if figures.alertmanager_reachable is not None:
        yield GaugeMetricFamily(
            "carwash_alertmanager_reachable",
            "Whether Alertmanager answers the control plane, so that alerts here are those there.",
            value=int(figures.alertmanager_reachable),
        )


def _label(word: str) -> str:
    """`rolled back` as label values are written: `rolled_back`."""
    return word.replace(" ", "_")
