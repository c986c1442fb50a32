"""What each tenant gets."""

from __future__ import annotations

from tools.dashboards.panels import Json, chart, count, dashboard, query, share, table

REQUESTS = "carwash_api_request_total"
TENANT = '{tenant=~"$tenant"}'
AVAILABILITY = "tenant:carwash_availability:ratio"
FRESH = "tenant:carwash_pictures_fresh:ratio"
SUCCESS = "tenant:carwash_snapshot_requests_success:ratio5m"


def business_metrics() -> Json:
    return dashboard(
        "carwash-business",
        "Business Metrics",
        "What each tenant gets: availability, fresh pictures, answers.",
        [(5, _promises()), (8, _availability()), (8, _requests()), (8, _sites())],
        since="now-7d",
    )


def _promises() -> list[Json]:
    return [
        share("Availability, 30 days", f"avg(avg_over_time({AVAILABILITY}{TENANT}[30d]))"),
        share("Fresh pictures, 30 days", f"avg(avg_over_time({FRESH}{TENANT}[30d]))"),
        share("Pictures given, 30 days", f"avg(avg_over_time({SUCCESS}{TENANT}[30d]))"),
        count(
            "Pictures given, a day",
            f'sum(increase({REQUESTS}{{tenant=~"$tenant",route="/api/snapshot"}}[1d]))',
        ),
    ]


def _availability() -> list[Json]:
    return [
        _lines("Availability", AVAILABILITY, "percentunit"),
        _lines("Sites with a fresh picture", FRESH, "percentunit"),
    ]


def _requests() -> list[Json]:
    return [
        _lines("Pictures asked for", "tenant:carwash_snapshot_requests:rate5m", "reqps"),
        _lines("Answered without an error", SUCCESS, "percentunit"),
        _lines("Time to answer, p95", "tenant:carwash_api_request_duration_seconds:p95_5m", "s"),
    ]


def _sites() -> list[Json]:
    return [
        table("Sites", f"tenant:carwash_devices:count{TENANT}"),
        table("Healed by itself, last hour", f"tenant:carwash_self_healing_actions:increase1h{TENANT}"),
    ]


def _lines(title: str, metric: str, unit: str) -> Json:
    return chart(title, query(f"{metric}{TENANT}", "{{tenant}}"), unit=unit, min=0)
