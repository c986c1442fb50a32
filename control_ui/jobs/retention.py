"""Makes room: tables of coming days ahead of time, and what is older than the tenants want to keep goes."""

from __future__ import annotations

from datetime import UTC, datetime

from control_ui.jobs.context import context
from control_ui.services import idempotency
from control_ui.services.devices import retention
from control_ui.services.people import sign_ins
from control_ui.services.report_files import requests as report_files
from control_ui.services.reports import days


def prune() -> None:
    """Do it once. Doing it more often does no harm."""
    here, now = context(), datetime.now(UTC)
    with here.session() as session:
        retention.ensure_partitions(session, now)
        retention.prune(session, now)
        idempotency.forget(session, now)
        sign_ins.forget(session, now)
        report_files.forget(session, here.settings.reports_dir, now)
        days.forget(session, now)
