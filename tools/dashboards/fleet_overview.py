"""How the fleet is now, and where it hurts."""

from __future__ import annotations

from tools.dashboards.panels import FLEET, SITES, Json, chart, count, dashboard, query, share, table

OFFLINE = f"device:carwash_offline:bool{{{SITES}}}"
FRESH = f"device:carwash_picture_fresh:bool{{{SITES}}}"


def fleet_overview() -> Json:
    return dashboard(
        "carwash-fleet",
        "Fleet Overview",
        "How the fleet is now, and where it hurts.",
        [(4, _figures()), (8, _regions()), (9, _lists())],
    )


def _figures() -> list[Json]:
    return [
        count("Sites", f"count({OFFLINE})"),
        count("Offline", f"sum({OFFLINE})", bad=True),
        share("Availability", f"1 - avg({OFFLINE})"),
        share("With a fresh picture", f"avg({FRESH})"),
        count(
            "Critical alerts",
            'count(ALERTS{alertstate="firing",severity="critical"}) or vector(0)',
            bad=True,
        ),
        share("Pictures given", 'avg(tenant:carwash_snapshot_requests_success:ratio5m{tenant=~"$tenant"})'),
    ]


def _regions() -> list[Json]:
    return [
        chart(
            "Availability by region",
            query(f"region:carwash_availability:ratio{{{FLEET}}}", "{{tenant}} {{region}}"),
            unit="percentunit",
            max=1,
        ),
        chart(
            "Fresh pictures by region",
            query(f"region:carwash_pictures_fresh:ratio{{{FLEET}}}", "{{tenant}} {{region}}"),
            unit="percentunit",
            max=1,
        ),
    ]


def _lists() -> list[Json]:
    return [
        table("Offline sites", f"{OFFLINE} == 1", ("Value",), link=True),
        table("What is wrong, by cause", f"count by (cause) (device:carwash_problem:one{{{SITES}}})"),
        table("Without a fresh picture", f"{FRESH} == 0", ("Value",), link=True),
    ]
