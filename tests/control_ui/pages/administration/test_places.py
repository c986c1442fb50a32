"""Sites, devices and groups, by way of their pages."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from control_ui.models import Device, EnrolmentToken, Group, GroupMember, Site
from control_ui.models.people import Role
from control_ui.models.scope import ALL_TENANTS, SessionFactory, open_session
from control_ui.services.devices import maintenance
from tests.control_ui.pages.administration.conftest import House, Visitor
from tests.control_ui.pages.administration.test_people import shown_once
from tests.control_ui.people.cast import Cast, trail

Visit = Callable[[Role | str], Visitor]
TOLEDO = {"name": "Toledo", "city": "Toledo", "state": "OH", "region": "midwest", "timezone": "America/New_York"}
NIGHTS = {"window-0-days": ["mon", "tue", "wed"], "window-0-from": "22:00", "window-0-to": "02:00"}
RECORD = {
    "environment": "production", "ring": "main", "hardware": "pi5", "labels": "lane=single\ncamera = axis",
    "address": "198.51.100.7", "ssh_port": "2222", "ssh_user": "ops", "camera_host": "192.0.2.11",
    "camera_port": "554", "camera_path": "/live", "camera_user": "viewer", "camera_password": "",
}  # fmt: skip


def site(sessions: SessionFactory, site_id: int) -> Site:
    with open_session(sessions, ALL_TENANTS) as session:
        return session.get_one(Site, site_id)


def device(sessions: SessionFactory, device_id: int) -> Device:
    with open_session(sessions, ALL_TENANTS) as session:
        return session.get_one(Device, device_id)


def test_a_sites_hours_are_entered_as_days_and_times(visit: Visit, house: House, sessions: SessionFactory) -> None:
    visitor = visit(Role.ADMIN)
    answer = visitor.post(
        f"/administration/sites/{house.site}/edit", row_version="1", **TOLEDO, **NIGHTS, latitude="41.6", longitude=""
    )
    assert answer.status_code == 303
    row = site(sessions, house.site)
    assert row.maintenance_windows == [{"days": ["mon", "tue", "wed"], "start": "22:00", "minutes": 240}]
    assert (row.latitude, row.longitude) == (41.6, None)
    listing = visitor.get("/administration/sites").text
    assert "mon-wed 22:00-02:00" in listing
    assert re.search(r"opens <time|open now", listing)
    form = visitor.get(f"/administration/sites/{house.site}/edit").text
    assert 'name="window-0-to" value="02:00"' in form
    assert form.count("checked") == 3


@pytest.mark.parametrize(
    ("days", "start", "minutes", "words"),
    [
        (["mon", "tue", "wed", "thu", "fri", "sat", "sun"], "00:00", 1440, "every day 00:00-00:00"),
        (["sun", "sat"], "22:30", 90, "sat sun 22:30-00:00"),
        (["mon", "wed", "fri"], "05:00", 30, "mon wed fri 05:00-05:30"),
        (["fri", "thu", "wed"], "23:00", 120, "wed-fri 23:00-01:00"),
    ],
)
def test_hours_in_words(days: list[str], start: str, minutes: int, words: str) -> None:
    assert maintenance.in_words([{"days": days, "start": start, "minutes": minutes}]) == words


def test_windows_without_days_are_taken_out(visit: Visit, house: House, sessions: SessionFactory) -> None:
    visitor, path = visit(Role.ADMIN), f"/administration/sites/{house.site}/edit"
    visitor.post(path, row_version="1", **TOLEDO, **NIGHTS)
    without = {name: value for name, value in NIGHTS.items() if not name.endswith("days")}
    assert visitor.post(path, row_version="2", **TOLEDO, **without).status_code == 303
    assert site(sessions, house.site).maintenance_windows == []


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": ""}, "name"),
        ({"timezone": "Toledo"}, "timezone"),
        ({"latitude": "north"}, "latitude"),
        ({"latitude": "91"}, "latitude"),
        ({"region": "mid west"}, "region"),
        ({"window-0-days": ["mon"], "window-0-from": "22:00", "window-0-to": ""}, "windows"),
        ({"window-0-days": ["mon"], "window-0-from": "22:00", "window-0-to": "22:05"}, "windows"),
        ({"window-0-days": ["never"], "window-0-from": "22:00", "window-0-to": "23:00"}, "windows"),
    ],
)
def test_what_no_site_can_be_is_said_at_its_field(
    visit: Visit, house: House, wrong: dict[str, str], field: str
) -> None:
    answer = visit(Role.ADMIN).post("/administration/sites/new", **{**TOLEDO, "name": "New", **wrong})
    assert answer.status_code == 422
    assert f'id="{field}-fault"' in answer.text
    assert 'value="OH"' in answer.text


def test_the_hours_are_told_in_words_while_they_are_entered(visit: Visit) -> None:
    visitor = visit(Role.ADMIN)
    told = visitor.get("/administration/sites/hours", query_string={"timezone": "America/New_York", **NIGHTS}).text
    assert "mon-wed 22:00-02:00. It" in told
    assert "There is no time zone" in visitor.get("/administration/sites/hours?timezone=x").text
    assert "at any time" in visitor.get("/administration/sites/hours?timezone=UTC").text


def test_a_site_with_devices_is_not_removed(visit: Visit, house: House) -> None:
    visitor = visit(Role.ADMIN)
    answer = visitor.post(f"/administration/sites/{house.site}/remove")
    assert answer.status_code == 409
    assert "ours-01" in answer.text
    assert visitor.post(f"/administration/sites/{house.empty_site}/remove").status_code == 303


def test_a_device_is_added_and_shown_what_comes_next(visit: Visit, house: House, sessions: SessionFactory) -> None:
    visitor = visit(Role.ADMIN)
    fields = {**RECORD, "name": "ours-03", "site_id": str(house.empty_site), "camera_password": "secret word"}
    fields["api_keys"] = f"controller {'a' * 64}\n\nspare {'b' * 64} 2027-01-31T00:00:00Z"
    answer = visitor.post("/administration/devices/new", **fields)
    assert answer.status_code == 303
    page = visitor.get(answer.headers["Location"]).text
    assert "make an enrolment token" in page
    assert "secret word" not in page
    row = device(sessions, int(answer.headers["Location"].rpartition("/")[2]))
    assert row.api_keys == [
        {"name": "controller", "sha256": "a" * 64},
        {"name": "spare", "sha256": "b" * 64, "expires_at": "2027-01-31T00:00:00Z"},
    ]
    assert f"spare {'b' * 64} 2027-01-31T00:00:00Z" in visitor.get(f"{answer.headers['Location']}/edit").text
    assert (row.labels, row.ssh_port, row.camera_password) == (
        {"lane": "single", "camera": "axis"}, 2222, "secret word",
    )  # fmt: skip


def test_a_camera_password_is_written_kept_and_forgotten_but_never_shown(
    visit: Visit, house: House, sessions: SessionFactory
) -> None:
    visitor, path = visit(Role.ADMIN), f"/administration/devices/{house.device}/edit"
    fields = {**RECORD, "site_id": str(house.site)}
    kept = device(sessions, house.device).camera_password
    assert visitor.post(path, row_version="1", **fields).status_code == 303
    assert device(sessions, house.device).camera_password == kept
    assert visitor.post(path, row_version="2", **{**fields, "camera_password": "a new one"}).status_code == 303
    assert device(sessions, house.device).camera_password == "a new one"
    assert "a new one" not in visitor.get(path).text
    refused = visitor.post(path, row_version="3", **{**fields, "camera_password": "third", "ssh_port": "0"})
    assert "third" not in refused.text
    forget = {**fields, "forget_camera_password": ["0", "1"]}
    assert visitor.post(path, row_version="3", **forget).status_code == 303
    assert device(sessions, house.device).camera_password is None
    assert "a new one" not in str([(entry.before, entry.after) for entry in trail(sessions, "device.update")])


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": "With Spaces"}, "name"),
        ({"site_id": "99999"}, "site_id"),
        ({"labels": "lane"}, "labels"),
        ({"labels": "ring=canary"}, "labels"),
        ({"camera_path": "live"}, "camera_path"),
        ({"ssh_port": "many"}, "ssh_port"),
        ({"api_keys": "controller the-key-itself"}, "api_keys"),
        ({"environment": "moon"}, "environment"),
    ],
)
def test_what_no_device_can_be_is_said_at_its_field(
    visit: Visit, house: House, wrong: dict[str, str], field: str
) -> None:
    fields = {**RECORD, "name": "ours-04", "site_id": str(house.site), **wrong}
    answer = visit(Role.ADMIN).post("/administration/devices/new", **fields)
    if wrong == {"labels": "lane"}:  # a label may be empty: it is there or not
        assert answer.status_code == 303
        return
    assert answer.status_code == 422
    assert f'id="{field}-fault"' in answer.text
    assert "198.51.100.7" in answer.text


def test_another_tenants_site_is_no_place_for_a_device(
    visit: Visit, house: House, cast: Cast, sessions: SessionFactory
) -> None:
    fields = {**RECORD, "name": "theirs-01", "site_id": str(house.site)}
    answer = visit("stranger").post("/administration/devices/new", **fields)
    assert answer.status_code == 422
    assert 'id="site_id-fault"' in answer.text


def test_an_operator_holds_and_releases_a_device(visit: Visit, house: House, sessions: SessionFactory) -> None:
    visitor, path = visit(Role.OPERATOR), f"/administration/devices/{house.device}/hold"
    assert visitor.post(path, reason="new pump").status_code == 303
    assert device(sessions, house.device).held_reason == "new pump"
    assert "It is held: new pump" in visitor.get(path).text
    assert visitor.post(path, reason="").status_code == 303
    assert device(sessions, house.device).held_reason == ""


def test_tokens_of_a_device_are_shown_once_rotated_and_revoked(
    visit: Visit, house: House, sessions: SessionFactory
) -> None:
    visitor, path = visit(Role.ADMIN), f"/administration/devices/{house.device}"
    token = shown_once(visitor.post(f"{path}/enrol", days="2").text)
    assert token not in visitor.get(path).text
    assert "a token is waiting" in visitor.get(path).text
    assert visitor.post(f"{path}/enrol", days="31").status_code == 422
    refused = visitor.post(f"{path}/rotate")
    assert "no device token" in refused.text
    with open_session(sessions, ALL_TENANTS) as session:
        session.execute(sa.update(Device).where(Device.id == house.device).values(token_sha256="a" * 64))
        session.commit()
    assert shown_once(visitor.post(f"{path}/rotate").text)
    assert "being rotated" in visitor.get(path).text
    assert visitor.post(f"{path}/revoke", reason="stolen").status_code == 303
    assert device(sessions, house.device).token_sha256 is None
    with open_session(sessions, ALL_TENANTS) as session:
        mine = session.scalars(sa.select(EnrolmentToken).where(EnrolmentToken.device_id == house.device)).all()
    assert all(row.revoked_at is not None for row in mine)


def test_devices_are_found_by_text_status_group_and_site(visit: Visit, house: House) -> None:
    visitor = visit(Role.VIEWER)
    for query in ("q=toledo", f"group_id={house.query}", f"site_id={house.site}"):
        text = visitor.get(f"/administration/devices?{query}").text
        assert "ours-01" in text, query
        assert "ours-02" not in text, query
    assert "No devices" in visitor.get("/administration/devices?status=online").text
    assert visitor.get("/administration/devices?status=nonsense&site_id=x").status_code == 200


def test_a_group_by_query_tells_how_many_it_finds(visit: Visit, house: House) -> None:
    visitor = visit(Role.ADMIN)
    count = "/administration/groups/count"
    assert "It finds 1 device now" in visitor.get(count, query_string={"label_query": "lane=double"}).text
    assert "The query is not valid" in visitor.get(count, query_string={"label_query": "lane=("}).text
    made = {"name": "Wide", "kind": "query", "label_query": "lane=double", "priority": "5", "description": ""}
    answer = visitor.post("/administration/groups/new", **made)
    assert answer.status_code == 303
    page = visitor.get(answer.headers["Location"]).text
    assert "1 device at the moment" in page
    assert "put_in" not in page
    listed = {**made, "name": "Listed", "kind": "static"}
    assert visitor.post("/administration/groups/new", **listed).status_code == 303, "its query is not meant"
    bad = visitor.post("/administration/groups/new", **{**made, "name": "Other", "label_query": ""})
    assert (bad.status_code, 'id="label_query-fault"' in bad.text) == (422, True)


def test_devices_are_put_into_a_list_and_taken_out(visit: Visit, house: House, sessions: SessionFactory) -> None:
    visitor, path = visit(Role.ADMIN), f"/administration/groups/{house.list_}"
    both = [str(house.device), str(house.other_device)]
    asked = visitor.get(f"{path}/put_in", query_string={"device_id": both})
    assert "Put 2 devices into A list" in asked.text
    assert visitor.post(f"{path}/put_in", device_id=both, reason="new").status_code == 303
    assert "ours-02" in visitor.get(path).text
    assert "Every device is in it" in visitor.get(f"{path}?others=1").text
    assert visitor.post(f"{path}/take_out", device_id=both[:1]).status_code == 303
    with open_session(sessions, ALL_TENANTS) as session:
        assert session.scalars(sa.select(GroupMember.device_id)).all() == [house.other_device]
    assert "No device is chosen" in visitor.get(f"{path}/put_in").text
    assert visitor.post(f"{path}/put_in").status_code == 422


def test_a_group_of_a_query_takes_no_devices_by_hand(visit: Visit, house: House) -> None:
    answer = visit(Role.ADMIN).post(f"/administration/groups/{house.query}/put_in", device_id=str(house.device))
    assert answer.status_code == 409
    assert "whatever its query finds" in answer.text


def test_a_group_is_changed_and_removed_and_its_devices_stay(
    visit: Visit, house: House, sessions: SessionFactory
) -> None:
    visitor, path = visit(Role.ADMIN), f"/administration/groups/{house.query}"
    fields = {"name": "Doubles", "description": "two lanes", "label_query": "lane=double", "priority": "9"}
    assert visitor.post(f"{path}/edit", row_version="1", **fields).status_code == 303
    assert visitor.post(f"{path}/edit", row_version="1", **fields).status_code == 412
    assert "Its device stays" in visitor.get(f"{path}/remove").text
    assert visitor.post(f"{path}/remove").status_code == 303
    with open_session(sessions, ALL_TENANTS) as session:
        assert session.get(Group, house.query) is None
        assert session.get(Device, house.device) is not None
