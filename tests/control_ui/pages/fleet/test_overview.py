"""The fleet's page: every site, filtered by its address, in whatever view."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from control_ui.models import Device
from control_ui.models.people import Role
from control_ui.models.scope import ALL_TENANTS, SessionFactory, open_session
from tests.control_ui import factories
from tests.control_ui.pages.browser import sign_in
from tests.control_ui.pages.fleet.conftest import Fleet
from tests.control_ui.people.cast import Cast

VIEWS = ("grid", "table", "map", "pictures")


def shown(page: str) -> list[str]:
    """The names of the sites that are on the page and not hidden."""
    tags = re.findall(r"<[a-z]+ [^>]*data-site=[^>]*>", page)
    return [tag.partition('data-name="')[2].partition('"')[0] for tag in tags if not re.search(r"\shidden\b", tag)]


@pytest.fixture
def ours(client: FlaskClient, cast: Cast, fleet: Fleet) -> FlaskClient:
    sign_in(client, cast[Role.OPERATOR])
    return client


@pytest.mark.parametrize("view", VIEWS)
def test_each_view_shows_every_site_of_the_tenant_and_no_other(ours: FlaskClient, view: str) -> None:
    page = ours.get(f"/?view={view}").text
    assert sorted(shown(page)) == ["Elm Street", "Harbor", "Old Mill"]
    assert "Zebra" not in page


@pytest.mark.parametrize(
    ("address", "names"),
    [
        ("q=toledo", ["Harbor"]),
        ("q=ELM+oh", ["Elm Street"]),
        ("q=pi-mill", ["Old Mill"]),
        ("status=offline", ["Old Mill"]),
        ("status=offline&status=degraded", ["Harbor", "Old Mill"]),
        ("region=midwest", ["Elm Street", "Harbor"]),
        ("region=midwest&ring=canary", ["Harbor"]),
        ("release=1.4.0", ["Elm Street"]),
        ("release=none", ["Old Mill"]),
        ("config=2", ["Elm Street"]),
        ("config=differs", ["Harbor"]),
        ("template=none", ["Old Mill"]),
        ("query=lane%3Ddouble", ["Elm Street"]),
        ("query=lane!%3Ddouble&q=mill", ["Old Mill"]),
        ("q=nowhere", []),
        ("status=nonsense&view=nonsense&by=nonsense&sort=nonsense", ["Elm Street", "Harbor", "Old Mill"]),
    ],
)
def test_the_address_says_which_sites_are_shown(ours: FlaskClient, address: str, names: list[str]) -> None:
    page = ours.get(f"/?{address}").text
    assert sorted(shown(page)) == names
    assert ('id="fleet-none" hidden' in page) == bool(names)


def test_a_template_version_in_force_can_be_asked_for(ours: FlaskClient, fleet: Fleet) -> None:
    value = re.search(r'<option value="(\d+)">Standard 1</option>', ours.get("/").text)
    assert value
    assert sorted(shown(ours.get(f"/?template={value[1]}").text)) == ["Elm Street", "Harbor"]


def test_counts_are_of_what_the_rest_of_the_filter_admits(ours: FlaskClient) -> None:
    page = ours.get("/?region=midwest&status=offline").text
    counts = dict(re.findall(r'data-count="([^"]+)">(\d+)<', page))
    assert counts == {"online": "1", "degraded": "1", "offline": "0", "never seen": "0", "held": "0"}


def test_a_label_query_that_makes_no_sense_is_explained_at_its_field(ours: FlaskClient) -> None:
    answer = ours.get("/?query=lane%3D%3D%3D")
    assert answer.status_code == 200
    assert shown(answer.text) == []
    assert "The query is not valid" in answer.text


def test_sites_are_grouped_as_asked(ours: FlaskClient) -> None:
    headings = re.findall(r'<h2 id="group-\d+">(\w+)', ours.get("/?by=ring").text)
    assert headings == ["canary", "main"]


def test_the_table_has_the_worst_first_and_is_sorted_as_asked(ours: FlaskClient) -> None:
    assert shown(ours.get("/?view=table").text) == ["Old Mill", "Harbor", "Elm Street"]
    assert shown(ours.get("/?view=table&sort=-name").text) == ["Old Mill", "Harbor", "Elm Street"]
    assert shown(ours.get("/?view=table&sort=release").text) == ["Old Mill", "Harbor", "Elm Street"]
    assert shown(ours.get("/?view=table&sort=place").text) == ["Elm Street", "Old Mill", "Harbor"]


def test_the_table_has_the_columns_that_were_chosen(ours: FlaskClient) -> None:
    page = ours.get("/?view=table&column=device&column=status").text
    assert set(re.findall(r'data-cell="(\w+)"', page)) == {"status", "device"}


def test_who_may_only_look_is_offered_nothing_to_do(client: FlaskClient, cast: Cast, fleet: Fleet) -> None:
    sign_in(client, cast[Role.VIEWER])
    for view in VIEWS:
        page = client.get(f"/?view={view}").text
        assert "fleet-bulk" not in page
        assert len(shown(page)) == 3


def test_a_platform_administrator_sees_all_tenants_and_can_choose_one(
    client: FlaskClient, cast: Cast, fleet: Fleet
) -> None:
    sign_in(client, cast[Role.PLATFORM_ADMIN])
    assert "Zebra Wash" in shown(client.get("/?by=tenant").text)
    assert shown(client.get("/?tenant=theirs").text) == ["Zebra Wash"]


def test_without_any_site_the_page_says_what_to_do_first(client: FlaskClient, cast: Cast) -> None:
    sign_in(client, cast[Role.ADMIN])
    page = client.get("/").text
    assert "There are no sites yet" in page
    assert "inventory import inventory/production --tenant ours" in page


def test_the_page_takes_as_many_statements_for_many_sites_as_for_few(
    app: Flask, ours: FlaskClient, sessions: SessionFactory, cast: Cast
) -> None:
    engine = app.extensions["carwash"].sessions.kw["bind"]
    statements: list[str] = []
    sa.event.listen(engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    ours.get("/")
    few = len(statements)
    with open_session(sessions, ALL_TENANTS) as session:
        for _ in range(30):
            factories.device(session, session.merge(cast.tenant))
        session.commit()
        assert len(session.scalars(sa.select(Device.id)).all()) == 34
    statements.clear()
    ours.get("/")
    assert len(statements) == few
