"""What fires, since when, and how often."""

from __future__ import annotations

from tools.dashboards.panels import SITES, Json, chart, count, dashboard, query, table

FIRING = 'alertstate="firing",alertname!="DeadMansSwitch"'


def alerts() -> Json:
    return dashboard(
        "carwash-alerts",
        "Alerts",
        "What fires, since when, and how often.",
        [(4, _figures()), (9, _firing()), (8, _over_time())],
        since="now-24h",
    )


def _figures() -> list[Json]:
    return [
        *(
            count(word.capitalize(), f'count(ALERTS{{{FIRING},severity="{word}"}}) or vector(0)', bad=True)
            for word in ("critical", "warning")
        ),
        count("Waiting to fire", 'count(ALERTS{alertstate="pending"}) or vector(0)'),
        count("Dead man's switch", 'count(ALERTS{alertname="DeadMansSwitch"})'),
    ]


def _firing() -> list[Json]:
    return [
        table("Firing for devices", f"ALERTS{{{FIRING},{SITES}}}", ("Value", "alertstate"), link=True),
        table("Firing for the platform", f'ALERTS{{{FIRING},device=""}}', ("Value", "alertstate")),
    ]


def _over_time() -> list[Json]:
    return [
        chart("Firing over time", query(f"count by (alertname) (ALERTS{{{FIRING}}})", "{{alertname}}")),
        table("Most often, 7 days", "topk(10, sum by (alertname, site) (changes(ALERTS_FOR_STATE[7d])))"),
        chart("Alerts in Alertmanager", query("sum by (state) (alertmanager_alerts)", "{{state}}")),
    ]
