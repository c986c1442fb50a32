"""`python -m tools.dashboards`: writes monitoring/grafana/dashboards/*.json, which Grafana is provisioned with."""

from __future__ import annotations

from tools.dashboards.files import DASHBOARDS, FOLDER, text

for name in DASHBOARDS:
    (FOLDER / f"{name}.json").write_text(text(name))
