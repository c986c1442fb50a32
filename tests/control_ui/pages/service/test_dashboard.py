"""The dashboards of how sites were served."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient

from control_ui.jobs import reporting
from control_ui.jobs.context import make_context, using
from control_ui.models import DeviceSample, DeviceStatusChange, Site, SiteDay, Tenant
from control_ui.models.devices import DeviceStatus
from control_ui.models.people import Role
from control_ui.models.scope import ALL_TENANTS, SessionFactory, open_session
from control_ui.settings import Settings
from tests.control_ui import factories
from tests.control_ui.pages.browser import sign_in
from tests.control_ui.people.cast import Cast


@pytest.fixture
def served(sessions: SessionFactory, cast: Cast, settings: Settings) -> Site:
    """A site that was away for an hour, worked out by the workers; another tenant has one, too."""
    now = datetime.now(UTC)
    with open_session(sessions, ALL_TENANTS) as session:
        site = factories.site(session, cast.tenant, name="East Gate", timezone="UTC")
        device = factories.device(session, cast.tenant, "pi-east", site=site)
        their_tenant = session.get_one(Tenant, cast.stranger.tenant_id)
        theirs = factories.device(session, their_tenant, site=factories.site(session, their_tenant, name="Far Off"))
        for one in (device, theirs):
            for minutes, status in ((600, DeviceStatus.ONLINE), (120, DeviceStatus.OFFLINE), (60, DeviceStatus.ONLINE)):
                session.add(
                    DeviceStatusChange(
                        tenant_id=one.tenant_id, device_id=one.id, at=now - timedelta(minutes=minutes), status=status
                    )
                )
            session.add_all(
                DeviceSample(
                    tenant_id=one.tenant_id, device_id=one.id, at=now - timedelta(minutes=back), snapshot_fresh=True,
                    snapshot_age_seconds=4.0, snapshots_published=6000 - back,
                )
                for back in range(600) if not 60 <= back < 120
            )  # fmt: skip
        session.commit()
    made = make_context(settings)
    with using(made):
        reporting.work()
    made.close()
    return site


def test_before_anything_was_measured_the_page_says_what_to_look_for(client: FlaskClient, cast: Cast) -> None:
    sign_in(client, cast[Role.VIEWER])
    assert "No figures yet" in client.get("/service").text


def test_the_dashboard_shows_figures_trend_and_sites(client: FlaskClient, cast: Cast, served: Site) -> None:
    sign_in(client, cast[Role.VIEWER])
    text = client.get("/service?days=7").text
    for words in ("East Gate", "missed", "promise 99.5 %", 'data-chart="share"', "Worked out", "pictures taken"):
        assert words in text, words
    assert "Far Off" not in text
    assert "not known here" in text, "what is not measured is said"


def test_how_fast_the_api_answers_is_told_as_far_as_it_was_counted(client: FlaskClient, cast: Cast) -> None:
    client.get("/api/alerts")
    sign_in(client, cast[Role.VIEWER])
    text = client.get("/service").text
    assert "requests to its API since it was started" in text
    assert "95 % within" in text


def test_every_gap_of_a_site_is_listed_with_its_reason(client: FlaskClient, cast: Cast, served: Site) -> None:
    sign_in(client, cast[Role.VIEWER])
    text = client.get(f"/service/sites/{served.id}?days=7").text
    assert "the Pi did not check in" in text
    assert "1 h 0 min" in text


def test_the_figures_can_be_taken_into_a_spreadsheet(client: FlaskClient, cast: Cast, served: Site) -> None:
    sign_in(client, cast[Role.VIEWER])
    answer = client.get("/service/sites.csv?days=7")
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="service-ours-')
    (row,) = csv.DictReader(io.StringIO(answer.text))
    assert (row["site"], row["target_met"]) == ("East Gate", "no")
    assert 80 < float(row["availability_percent"]) < 95
    assert 3540 <= int(row["not_available_seconds"]) <= 3960


def test_the_platform_chooses_among_tenants(client: FlaskClient, cast: Cast, served: Site) -> None:
    sign_in(client, cast[Role.PLATFORM_ADMIN])
    overview = client.get("/service?days=nonsense").text
    assert "Ours" in overview
    assert "Theirs" in overview
    theirs = client.get("/service?tenant=theirs").text
    assert "Far Off" in theirs
    assert "East Gate" not in theirs
    assert "Far Off" in client.get("/service/sites.csv?tenant=theirs").text
    assert client.get("/service/sites.csv").status_code == 303
    assert client.get("/service?tenant=nobody").status_code == 200


def test_a_stranger_finds_no_page_of_our_site(client: FlaskClient, cast: Cast, served: Site) -> None:
    sign_in(client, cast.stranger)
    assert client.get(f"/service/sites/{served.id}").status_code == 404
    assert "Far Off" in client.get("/service?tenant=ours").text


def test_the_worst_sites_are_shown_and_all_on_request(
    client: FlaskClient, cast: Cast, sessions: SessionFactory
) -> None:
    with open_session(sessions, ALL_TENANTS) as session:
        for _ in range(60):
            site = factories.site(session, cast.tenant)
            session.add(
                SiteDay(
                    site_id=site.id, tenant_id=cast.tenant.id, day=datetime.now(UTC).date(), counted_seconds=100,
                    reachable_seconds=100, fresh_seconds=100, available_seconds=100, gaps=0, pictures=1, samples=1,
                    picture_age_seconds=1, oldest_picture_seconds=1, measured_at=datetime.now(UTC),
                )
            )  # fmt: skip
        session.commit()
    sign_in(client, cast[Role.VIEWER])
    text = client.get("/service").text
    assert text.count("/service/sites/") == 50
    assert "Show all 60 sites" in text
    assert client.get("/service?all=1").text.count("/service/sites/") == 60
