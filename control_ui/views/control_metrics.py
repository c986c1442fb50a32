"""What the control plane knows of itself without asking anybody, as Prometheus' metrics."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

from prometheus_client import CollectorRegistry
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from control_ui.services import certificate
from control_ui.settings import Settings

log = logging.getLogger(__name__)


def registry_of(settings: Settings) -> CollectorRegistry:
    """A registry with its address, and when its certificate expires where that is known."""
    registry = CollectorRegistry()
    registry.register(_Control(settings))
    return registry


class _Control(Collector):
    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def collect(self) -> Iterator[Metric]:
        about = GaugeMetricFamily("carwash_control_info", "Where people find it.", labels=["public_url"])
        about.add_metric([self._settings.public_url], 1)
        yield about
        if (path := self._settings.tls_certificate) is not None:
            expiry = GaugeMetricFamily(
                "carwash_certificate_expiry_timestamp_seconds",
                "When a certificate expires, in Unix seconds; 0 where it cannot be read.",
                labels=["certificate"],
            )
            expiry.add_metric([path.name], _expiry_seconds(path))
            yield expiry


def _expiry_seconds(path: Path) -> float:
    """A certificate that cannot be read counts as expired: silence would look like safety."""
    try:
        return certificate.expires_at(path).timestamp()
    except (OSError, ValueError) as error:
        log.error("the certificate %s (CARWASH_TLS_CERTIFICATE) cannot be read: %s", path, error)
        return 0.0
