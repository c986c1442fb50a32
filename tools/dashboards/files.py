"""Which dashboards there are, and their files."""

from __future__ import annotations

import json
from pathlib import Path

from tools.dashboards.alerts import alerts
from tools.dashboards.business_metrics import business_metrics
from tools.dashboards.device_deep_dive import device_deep_dive
from tools.dashboards.fleet_overview import fleet_overview
from tools.dashboards.infrastructure import infrastructure

FOLDER = Path(__file__).resolve().parents[2] / "monitoring" / "grafana" / "dashboards"
DASHBOARDS = {
    "fleet-overview": fleet_overview,
    "device-deep-dive": device_deep_dive,
    "business-metrics": business_metrics,
    "infrastructure": infrastructure,
    "alerts": alerts,
}


def text(name: str) -> str:
    """The file of a dashboard."""
    return json.dumps(DASHBOARDS[name](), indent=2) + "\n"
