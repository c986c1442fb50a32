"""Which network a fleet takes."""

from __future__ import annotations

import ipaddress

import pytest

from virtual_fleet import network
from virtual_fleet.errors import FleetError


def use(monkeypatch: pytest.MonkeyPatch, *networks: str) -> None:
    monkeypatch.setattr(network, "_networks_in_use", lambda: [ipaddress.IPv4Network(text) for text in networks])


def test_a_network_of_this_machine_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, "10.77.3.0/24")
    assert network.choose_prefix(set()) == "10.78"


def test_a_network_of_another_fleet_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch)
    assert network.choose_prefix({"10.77", "10.78"}) == "10.79"


def test_a_machine_that_uses_all_of_them_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, "10.0.0.0/8")
    with pytest.raises(FleetError, match="is in use on this machine"):
        network.choose_prefix(set())
