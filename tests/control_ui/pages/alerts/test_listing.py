"""The list of alerts, and the number in the side bar."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient

from control_ui.models.people import Role
from tests.control_ui.pages.alerts.conftest import Watch
from tests.control_ui.pages.browser import sign_in
from tests.control_ui.people.cast import Cast

NAMES = ("SiteOffline", "SnapshotStale", "TooHot", "FarAway", "DatabaseFull")


def shown(client: FlaskClient, query: str = "") -> list[str]:
    """The names of the alerts in the list, in their order."""
    answer = client.get(f"/alerts?{query}")
    assert answer.status_code == 200
    return re.findall(r'<a href="/alerts/\d+"><strong>(\w+)</strong>', answer.text)


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["SiteOffline", "SnapshotStale"]),
        ("state=all", ["SiteOffline", "SnapshotStale", "TooHot"]),
        ("state=resolved", ["TooHot"]),
        ("severity=warning", ["SnapshotStale"]),
        ("known=acknowledged", []),
        ("q=springf", ["SiteOffline", "SnapshotStale"]),
        ("q=stale", ["SnapshotStale"]),
        ("q=%25", []),
        ("state=nonsense&page=x&period=never&severity=%00", ["SiteOffline", "SnapshotStale"]),
        ("page=99999999999", ["SiteOffline", "SnapshotStale"]),
    ],
)
def test_the_address_narrows_the_list_and_nonsense_in_it_is_ignored(
    client: FlaskClient, cast: Cast, watch: Watch, query: str, names: list[str]
) -> None:
    sign_in(client, cast[Role.VIEWER])
    assert shown(client, query) == names


def test_a_tenant_sees_its_own_alerts_and_the_platform_sees_all(client: FlaskClient, cast: Cast, watch: Watch) -> None:
    sign_in(client, cast.stranger)
    assert shown(client, "state=all") == ["FarAway"]
    client.post("/logout")
    sign_in(client.application.test_client(), cast[Role.PLATFORM_ADMIN])
    other = client.application.test_client()
    sign_in(other, cast[Role.PLATFORM_ADMIN])
    assert set(shown(other, "state=all")) == set(NAMES)
    assert shown(other, "tenant=theirs") == ["FarAway"]


def test_what_is_polled_is_the_list_alone(client: FlaskClient, cast: Cast, watch: Watch) -> None:
    sign_in(client, cast[Role.VIEWER])
    text = client.get("/alerts", headers={"HX-Request": "true", "HX-Target": "alert-list"}).text
    assert text.lstrip().startswith('<div id="alert-list"')
    assert "<html" not in text


def test_the_side_bar_counts_what_nobody_has_acknowledged(client: FlaskClient, cast: Cast, watch: Watch) -> None:
    sign_in(client, cast[Role.OPERATOR])
    assert ">2<span" in client.get("/alerts/count").text
    assert "hidden" not in client.get("/alerts/count").text


def test_a_viewer_finds_no_button_and_is_refused_anyway(client: FlaskClient, cast: Cast, watch: Watch) -> None:
    sign_in(client, cast[Role.VIEWER])
    for path in ("/alerts", f"/alerts/{watch.critical}", "/alerts/silences"):
        text = client.get(path).text
        assert "acknowledge?" not in text
        assert "silences/new" not in text
        assert "data-choose" not in text
    assert client.get(f"/alerts/acknowledge?id={watch.critical}").status_code == 403
    assert client.get("/alerts/silences/new").status_code == 403


def test_without_alerts_the_page_says_that_all_is_well(client: FlaskClient, cast: Cast) -> None:
    sign_in(client, cast[Role.VIEWER])
    assert "Nothing fires" in client.get("/alerts").text
    assert "No alert is like this" in client.get("/alerts?q=x").text
    assert "No incident so far" in client.get("/alerts/incidents").text
    assert "Nothing is silenced" in client.get("/alerts/silences").text
