"""An inventory that somebody sends is shown first, then taken in, and never trusted."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from control_ui.models import Device
from control_ui.models.people import Role
from control_ui.models.scope import ALL_TENANTS, SessionFactory, open_session
from control_ui.services.devices import ansible_inventory
from control_ui.services.errors import InvalidError
from tests.control_ui.pages.administration.conftest import House, Visitor
from tests.control_ui.people.cast import trail

Visit = Callable[[Role | str], Visitor]
PATH = "/administration/devices/import"
YAML = """
pis:
  hosts:
    ours-01: {ansible_host: 198.51.100.1, site_name: Toledo, site_city: Toledo, site_state: OH}
    ours-09: {ansible_host: 198.51.100.9, camera_password: of the camera, site_name: Dayton}
env_production: {hosts: {ours-01: {}, ours-09: {}}}
region_midwest: {hosts: {ours-01: {}}}
"""
INI = """
[pis]
ours-09 ansible_host=198.51.100.9 site_name=Dayton
[env_production]
ours-09
"""


def names(sessions: SessionFactory) -> list[str]:
    with open_session(sessions, ALL_TENANTS) as session:
        return list(session.scalars(sa.select(Device.name).order_by(Device.name)))


def test_what_it_would_do_is_shown_before_it_is_done(visit: Visit, house: House, sessions: SessionFactory) -> None:
    visitor = visit(Role.ADMIN)
    looked = visitor.post(PATH, file=(io.BytesIO(YAML.encode()), "hosts.yml"), step="look")
    assert "It would add 1 device, change 1" in looked.text
    assert "address: <del>127.0.0.1</del>" in looked.text
    assert "of the camera" in looked.text.partition("<textarea")[2], "what was sent can be mended"
    assert "of the camera" not in looked.text.partition("<textarea")[0]
    assert names(sessions) == ["ours-01", "ours-02"]
    taken = visitor.post(PATH, inventory=YAML, step="take_in", reason="new sites")
    assert "Done: 1 added, 1 changed, 0 left" in taken.text
    assert names(sessions) == ["ours-01", "ours-02", "ours-09"]
    assert [entry.reason for entry in trail(sessions, "inventory.import")] == ["new sites"]
    again = visitor.post(PATH, inventory=YAML, step="look")
    assert "change 0, and leave 2" in again.text
    assert 'value="take_in"' not in again.text


def test_enrolment_tokens_are_shown_once_it_is_done(visit: Visit, house: House) -> None:
    visitor = visit(Role.ADMIN)
    assert "ours-09: " not in visitor.post(PATH, inventory=INI, enrol="1", step="look").text
    assert "ours-09: " in visitor.post(PATH, inventory=INI, enrol="1", step="take_in").text


def test_each_fault_is_named_and_nothing_is_taken_in(visit: Visit, house: House, sessions: SessionFactory) -> None:
    bad = YAML.replace("198.51.100.9", '\'{{ lookup("pipe", "id") }}\'').replace("site_name: Dayton", "site_name: ''")
    answer = visit(Role.ADMIN).post(PATH, inventory=bad, step="take_in")
    assert answer.status_code == 422
    assert "is a template: only plain values can be imported" in answer.text
    assert "hosts.ours-09.site_name" in answer.text
    assert names(sessions) == ["ours-01", "ours-02"]


def test_devices_come_into_ones_own_tenant_only(visit: Visit, house: House, sessions: SessionFactory) -> None:
    assert "Done: 2 added" in visit("stranger").post(PATH, inventory=YAML, step="take_in").text
    with open_session(sessions, ALL_TENANTS) as session:
        ours = session.scalars(sa.select(Device.address).where(Device.id == house.device)).one()
    assert ours == "127.0.0.1"


def test_the_platform_says_by_groups_whose_they_are(visit: Visit, house: House) -> None:
    visitor = visit(Role.PLATFORM_ADMIN)
    assert "is in no group tenant_*" in visitor.post(PATH, inventory=YAML, step="look").text
    told = visitor.post(PATH, inventory=YAML + "tenant_ours: {hosts: {ours-01: {}, ours-09: {}}}\n", step="look")
    assert "It would add 1 device, change 1" in told.text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "there is no inventory"),
        ("pis:\n  hosts: [", "cannot read this as YAML"),
        ("[pis\n", "cannot read this as INI"),
        ("all: {hosts: {a: {}}}", "nothing to import"),
        ("plugin: constructed\nstrict: false\n", "cannot read this as YAML"),
        ("plugin: ansible.builtin.advanced_host_list\n", "cannot read this as YAML"),
        ("#!/bin/sh\necho '{}'\n", "cannot read this as INI"),
        ("x" * 460_000, "longer than"),
    ],
)
def test_what_is_no_plain_inventory_is_refused(visit: Visit, text: str, words: str) -> None:
    answer = visit(Role.ADMIN).post(PATH, inventory=text, step="look")
    assert answer.status_code == 422
    assert words.lower() in answer.text.lower()


def test_nothing_in_it_is_carried_out(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    evil = f"{{{{ lookup('pipe', 'touch {mark}') }}}}"
    found = ansible_inventory.read_text(f'pis:\n  hosts:\n    "{evil}": {{}}\n    a: {{ansible_host: "{evil}"}}\n')
    assert found["_meta"]["hostvars"]["a"]["ansible_host"] == evil
    assert not mark.exists()


@pytest.mark.parametrize(
    "text",
    [
        "# by hand\n\n---\npis: {hosts: {a: {}}}\n",
        "\n" * 5000 + "pis:\n  hosts:\n    a: {}\n",
        '{"pis": {"hosts": {"a": {}}}}',
        "; by hand\n[pis]\na\n",
        "[pis]\r\na ansible_port=2222\r\n",
    ],
)
def test_it_is_read_as_what_it_looks_like(text: str) -> None:
    assert ansible_inventory.read_text(text)["pis"]["hosts"] == ["a"]


def test_nothing_of_this_checkout_gets_into_it() -> None:
    found = ansible_inventory.read_text("pis: {hosts: {acme-001: {}}}\n")
    assert found["_meta"]["hostvars"].get("acme-001", {}) == {}


def test_an_inventory_that_would_take_all_memory_is_refused() -> None:
    with pytest.raises(InvalidError, match="too large"):
        ansible_inventory.read_text("pis:\n  hosts:\n    a[1:99999999]: {}\n")
