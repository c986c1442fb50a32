"""The example inventory: what is promised of it, and that it is what the generator makes."""

from __future__ import annotations

import ipaddress
import re
from collections import Counter
from typing import Any

import pytest

from inventory import generate_example
from tests.ansible.conftest import REPOSITORY

FILE = REPOSITORY / "inventory" / "production" / "hosts.yml"


@pytest.fixture(scope="module")
def groups() -> dict[str, Any]:
    children: dict[str, Any] = generate_example.inventory()["all"]["children"]
    return children


@pytest.fixture(scope="module")
def hosts(groups: dict[str, Any]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = groups["pis"]["hosts"]
    return found


def test_the_committed_file_is_what_the_generator_makes() -> None:
    assert FILE.read_text(encoding="utf-8") == generate_example.render()


def test_there_are_500_sites_with_names_that_a_device_may_bear(hosts: dict[str, Any]) -> None:
    assert len(hosts) == 500
    assert all(re.fullmatch(r"[a-z0-9][a-z0-9.-]{0,62}", name) for name in hosts)


def test_every_site_has_its_own_address_in_the_range_reserved_for_tests(hosts: dict[str, Any]) -> None:
    addresses = {ipaddress.ip_address(host["ansible_host"]) for host in hosts.values()}
    assert len(addresses) == 500
    assert all(address in ipaddress.ip_network("198.18.0.0/15") for address in addresses)


def test_every_site_lies_near_its_city(hosts: dict[str, Any]) -> None:
    places = {(place.city, place.state): place for place in generate_example.read_places()}
    assert len(places) >= 125
    for host in hosts.values():
        place = places[host["site_city"], host["site_state"]]
        assert abs(host["site_latitude"] - place.latitude) < 0.1
        assert abs(host["site_longitude"] - place.longitude) < 0.1


@pytest.mark.parametrize(("kind", "count"), [("tenant", 6), ("region", 4), ("ring", 3), ("hardware", 3)])
def test_every_site_is_in_exactly_one_group_of_each_kind(
    groups: dict[str, Any], hosts: dict[str, Any], kind: str, count: int
) -> None:
    of_kind = [group for name, group in groups.items() if name.startswith(f"{kind}_")]
    assert len(of_kind) == count
    assert Counter(host for group in of_kind for host in group["hosts"]) == Counter(list(hosts))


def test_the_rings_hold_two_and_ten_percent_and_the_rest(groups: dict[str, Any]) -> None:
    assert [len(groups[f"ring_{ring}"]["hosts"]) for ring in ("canary", "early", "main")] == [10, 50, 440]


def test_no_password_and_no_key_is_in_the_example(hosts: dict[str, Any]) -> None:
    assert not any("password" in name or "key" in name for host in hosts.values() for name in host)
