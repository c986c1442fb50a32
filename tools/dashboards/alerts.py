"""What fires, since when, and how often."""

from __future__ import annotations

from tools.dashboards.panels import SITES, Json, chart, count, dashboard, query, table


def alerts() -> Json:
    firing = 'alertstate="firing",alertname!="DeadMansSwitch"'
    return dashboard(
        "carwash-alerts",
        "Alerts",
        "What fires, since when, and how often.",
        [
            (
                4,
                [
                    *(
                        count(word.capitalize(), f'count(ALERTS{{{firing},severity="{word}"}}) or vector(0)', bad=True)
                        for word in ("critical", "warning")
                    ),
                    count("Waiting to fire", 'count(ALERTS{alertstate="pending"}) or vector(0)'),
                    count("Dead man's switch", 'count(ALERTS{alertname="DeadMansSwitch"})'),
                ],
            ),
            (
                9,
                [
                    table("Firing for devices", f"ALERTS{{{firing},{SITES}}}", ("Value", "alertstate"), link=True),
                    table("Firing for the platform", f'ALERTS{{{firing},device=""}}', ("Value", "alertstate")),
                ],
            ),
            (
                8,
                [
                    chart("Firing over time", query(f"count by (alertname) (ALERTS{{{firing}}})", "{{alertname}}")),
                    table("Most often, 7 days", "topk(10, sum by (alertname, site) (changes(ALERTS_FOR_STATE[7d])))"),
                    chart("Alerts in Alertmanager", query("sum by (state) (alertmanager_alerts)", "{{state}}")),
                ],
            ),
        ],
        since="now-24h",
    )
