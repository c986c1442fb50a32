"""The SLA report says the same in every form."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta

import pytest

from control_ui.models import Device, Tenant
from control_ui.models.scope import ScopedSession
from control_ui.services.actor import system
from control_ui.services.reports import head as heads
from control_ui.services.reports import sla_formats
from control_ui.services.reports.sla_device import NO_SAMPLES
from tests.control_ui import factories
from tests.control_ui.reports.outages import NOW, PERIOD, report


@pytest.fixture
def shown(session: ScopedSession, tenant: Tenant, device: Device) -> dict[str, str]:
    """Every form of a report with a gap, a site that was never seen, and a name that could be a formula or a tag."""
    site = factories.site(session, tenant, name="=<b>new")
    factories.device(session, tenant, "pi-new", site=site)
    found = report(session, tenant, exclude_maintenance=True, now=PERIOD.end - timedelta(hours=1))
    head = heads.head(tenant, PERIOD, system("a test"), NOW, {})
    forms = {"csv": sla_formats.as_csv, "json": sla_formats.as_json, "html": sla_formats.as_html}
    return {form: "".join(render(head, found)) for form, render in forms.items()}


def test_every_form_says_the_same(shown: dict[str, str]) -> None:
    document = json.loads(shown["json"])
    east = next(site for site in document["sites"] if site["site"] == "Site east")
    assert (document["format"], document["target_percent"], document["target_met"]) == ("sla/1", 99.5, False)
    assert east["availability_percent"] == document["availability_percent"] == 94.722
    assert east["gaps"][0] == {
        "gap_from_utc": "2026-03-04T13:41:30.000Z",
        "gap_from_local": "2026-03-04T07:41:30-06:00",
        "gap_to_utc": "2026-03-04T14:10:00.000Z",
        "gap_to_local": "2026-03-04T08:10:00-06:00",
        "gap_seconds": 1710.0,
        "gap_reason": NO_SAMPLES,
    }
    rows = list(csv.DictReader(io.StringIO(shown["csv"], newline="")))
    assert [row["row"] for row in rows] == ["tenant", "site", "site", "gap"]
    assert (rows[0]["availability_percent"], rows[2]["gaps"], rows[3]["gap_seconds"]) == ("94.722", "1", "1710.0")
    assert rows[1]["availability_percent"] == "", "what was never seen has no figure"
    assert "94.722 %" in shown["html"]
    assert "Measured until" in shown["html"]


def test_no_form_lets_a_name_do_anything(shown: dict[str, str]) -> None:
    assert "'=<b>new" in shown["csv"]
    assert "<b>new" not in shown["html"]
    assert "=&lt;b&gt;new" in shown["html"]
