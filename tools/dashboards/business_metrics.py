"""What each tenant gets."""

from __future__ import annotations

from tools.dashboards.panels import Json, chart, count, dashboard, query, share, table

REQUESTS = "carwash_api_request_total"


def business_metrics() -> Json:
    tenant = '{tenant=~"$tenant"}'

    def lines(title: str, metric: str, unit: str) -> Json:
        return chart(title, query(f"{metric}{tenant}", "{{tenant}}"), unit=unit, min=0)

    availability, fresh = "tenant:carwash_availability:ratio", "tenant:carwash_pictures_fresh:ratio"
    success = "tenant:carwash_snapshot_requests_success:ratio5m"
    return dashboard(
        "carwash-business",
        "Business Metrics",
        "What each tenant gets: availability, fresh pictures, answers.",
        [
            (
                5,
                [
                    share("Availability, 30 days", f"avg(avg_over_time({availability}{tenant}[30d]))"),
                    share("Fresh pictures, 30 days", f"avg(avg_over_time({fresh}{tenant}[30d]))"),
                    share("Pictures given, 30 days", f"avg(avg_over_time({success}{tenant}[30d]))"),
                    count(
                        "Pictures given, a day",
                        f'sum(increase({REQUESTS}{{tenant=~"$tenant",route="/api/snapshot"}}[1d]))',
                    ),
                ],
            ),
            (
                8,
                [
                    lines("Availability", availability, "percentunit"),
                    lines("Sites with a fresh picture", fresh, "percentunit"),
                ],
            ),
            (
                8,
                [
                    lines("Pictures asked for", "tenant:carwash_snapshot_requests:rate5m", "reqps"),
                    lines("Answered without an error", success, "percentunit"),
                    lines("Time to answer, p95", "tenant:carwash_api_request_duration_seconds:p95_5m", "s"),
                ],
            ),
            (
                8,
                [
                    table("Sites", f"tenant:carwash_devices:count{tenant}"),
                    table("Healed by itself, last hour", f"tenant:carwash_self_healing_actions:increase1h{tenant}"),
                ],
            ),
        ],
        since="now-7d",
    )
