"""Between the pages and the dashboards: links there, and addresses that links from there lead to."""

from __future__ import annotations

from dataclasses import replace

from flask import Flask

from control_ui.models import Tenant
from control_ui.models.people import Role
from control_ui.views.state import KEY
from tests.control_ui import factories
from tests.control_ui.pages.site.conftest import Sit


def test_a_site_is_found_by_the_names_it_has_in_metrics(sit: Sit) -> None:
    desk = sit(Role.VIEWER)
    tenant = desk.device.site.tenant_id
    slug = desk.session.get_one(Tenant, tenant).slug
    desk.session.commit()
    answer = desk.client.get(f"/sites/named/{slug}/pi-east")
    assert (answer.status_code, answer.location) == (303, desk.base)
    assert desk.client.get(f"/sites/named/{slug}/pi-west").status_code == 404


def test_a_strangers_site_has_no_such_name(sit: Sit) -> None:
    desk = sit(Role.ADMIN)
    theirs = factories.tenant(desk.session, "strangers")
    factories.device(desk.session, theirs, "pi-theirs")
    desk.session.commit()
    assert desk.client.get("/sites/named/strangers/pi-theirs").status_code == 404


def test_the_charts_lead_to_the_sites_dashboard_where_there_is_a_grafana(sit: Sit, app: Flask) -> None:
    desk = sit(Role.VIEWER)
    assert "Grafana" not in desk.get("/charts").text
    state = app.extensions[KEY]
    app.extensions[KEY] = replace(state, settings=replace(state.settings, grafana_url="https://grafana.example"))
    assert "https://grafana.example/d/carwash-device/device-deep-dive?var-tenant=" in desk.get("/charts").text
    assert "&amp;var-site=East+Side" in desk.get("/charts").text


def test_the_address_of_a_runbook_in_a_notification_leads_to_its_page(sit: Sit) -> None:
    desk = sit(Role.VIEWER)
    answer = desk.client.get("/docs/runbooks/PictureStale.md", follow_redirects=True)
    assert answer.status_code == 200
    assert "## Check first" in answer.text
    assert desk.client.get("/docs/runbooks/Nothing.md", follow_redirects=True).status_code == 404
