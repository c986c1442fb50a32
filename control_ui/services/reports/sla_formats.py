"""The SLA report as CSV, JSON and HTML. The columns are documented in docs/reports.md."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from control_ui.services.reports import csv_text, html_pages
from control_ui.services.reports.head import Head, local, utc
from control_ui.services.reports.sla import Share, SiteSla, Sla
from control_ui.services.reports.sla_device import Gap

FORMAT = "sla/1"
COLUMNS = (
    "row", "tenant", "site", "devices", "availability_percent", "reachability_percent", "freshness_percent",
    "target_percent", "target_met", "counted_seconds", "available_seconds", "reachable_seconds", "fresh_seconds",
    "not_counted_seconds", "maintenance_seconds", "gaps", "gap_from_utc", "gap_from_local", "gap_to_utc",
    "gap_to_local", "gap_seconds", "gap_reason",
)  # fmt: skip
"""`row` is tenant, site or gap; what does not concern a row is empty in it."""


def as_csv(head: Head, sla: Sla) -> Iterator[str]:
    """The tenant's line, then each site's, followed by those of its gaps."""
    return csv_text.lines(COLUMNS, ([row.get(name) for name in COLUMNS] for row in _rows(head, sla)))


def as_json(head: Head, sla: Sla) -> Iterator[str]:
    """`{"format", ..., "availability_percent", ..., "sites": [{..., "gaps": [...]}]}`."""
    document = {
        "format": FORMAT,
        **head.document(),
        "measured_until": utc(sla.until),
        "samples_kept_since": utc(sla.samples_since),
        "maintenance_excluded": sla.options.exclude_maintenance,
        **_figures(sla.share, sla),
        "sites_below_target": [site.site for site in sla.sites_below],
        "sites": [_site(head, site, sla) for site in sla.sites],
    }
    yield from json.JSONEncoder(ensure_ascii=False).iterencode(document)
    yield "\n"


def as_html(head: Head, sla: Sla) -> Iterator[str]:
    """A printable page."""
    return html_pages.page("sla.html", head, sla=sla)


def _figures(share: Share, sla: Sla) -> dict[str, Any]:
    return {
        "availability_percent": share.percent(share.available),
        "reachability_percent": share.percent(share.reachable),
        "freshness_percent": share.percent(share.fresh),
        "target_percent": sla.options.target_percent,
        "target_met": share.meets(sla.options.target_percent),
        "counted_seconds": _seconds(share.counted),
        "available_seconds": _seconds(share.available),
        "reachable_seconds": _seconds(share.reachable),
        "fresh_seconds": _seconds(share.fresh),
    }


def _site(head: Head, site: SiteSla, sla: Sla) -> dict[str, Any]:
    return {
        "site": site.site,
        "devices": site.devices,
        "never_seen": site.never_seen,
        **_figures(site.share, sla),
        "not_counted_seconds": _seconds(site.not_counted),
        "maintenance_seconds": _seconds(site.maintenance),
        "gaps": [_gap(head, gap) for gap in site.gaps],
        "more_gaps": {"count": site.more_gaps, "seconds": _seconds(site.more_gaps_length)},
    }


def _gap(head: Head, gap: Gap) -> dict[str, Any]:
    return {
        "gap_from_utc": utc(gap.start),
        "gap_from_local": local(gap.start, head.period.zone),
        "gap_to_utc": utc(gap.end),
        "gap_to_local": local(gap.end, head.period.zone),
        "gap_seconds": _seconds(gap.length),
        "gap_reason": gap.reason,
    }


def _rows(head: Head, sla: Sla) -> Iterator[dict[str, Any]]:
    yield {"row": "tenant", "tenant": head.tenant, **_figures(sla.share, sla)}
    for site in sla.sites:
        known = {"tenant": head.tenant, "site": site.site}
        count = len(site.gaps) + site.more_gaps
        row = {**_site(head, site, sla), "devices": " ".join(site.devices), "gaps": count}
        yield {"row": "site", **known, **row}
        for gap in site.gaps:
            yield {"row": "gap", **known, **_gap(head, gap)}


def _seconds(length: timedelta) -> float:
    return round(length.total_seconds(), 3)
