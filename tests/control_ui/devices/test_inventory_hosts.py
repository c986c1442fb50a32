"""What an inventory's variables and groups say of devices and sites."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from control_ui.services.devices.ansible_inventory import Vault
from control_ui.services.devices.inventory_hosts import find

VARIABLES = {
    "ansible_host": "198.18.0.10", "ansible_user": "ops", "site_name": "Akron 01", "site_city": "Akron",
    "site_state": "OH", "site_latitude": 41.1, "site_longitude": -81, "camera_host": "192.168.50.64",
    "camera_port": "8554", "camera_path": "/ch1", "camera_user": "viewer", "camera_password": "{{ odd, but a word",
    "pi_service_api_keys": [], "ansible_become": True,
}  # fmt: skip
GROUPS = ["tenant_blue_wave", "region_west", "ring_canary", "hardware_pi4_4gb"]


def inventory(groups: list[str] | None = None, **hosts: dict[str, Any]) -> dict[str, Any]:
    """As `ansible-inventory --list` prints it, with every host in the same groups."""
    hosts = hosts or {"akron": VARIABLES}
    names = list(hosts)
    listed = {group: {"hosts": names} for group in (GROUPS if groups is None else groups)}
    return {
        "_meta": {"hostvars": hosts},
        "all": {"children": ["env_production", "ungrouped"]},
        "env_production": {"children": ["pis"]},
        "pis": {"hosts": names},
        **listed,
    }


def faults(found: dict[str, Any], tenant: str | None = None) -> dict[str, str]:
    return {fault.path: fault.message for fault in find(found, Vault(()), tenant)[1]}


def test_variables_and_groups_become_fields() -> None:
    (host,), wrong = find(inventory(), Vault(()), None)
    assert wrong == []
    assert (host.name, host.tenant) == ("akron", "blue-wave")
    assert host.device == {
        "address": "198.18.0.10", "ssh_user": "ops", "camera_host": "192.168.50.64", "camera_port": 8554,
        "camera_path": "/ch1", "camera_user": "viewer", "camera_password": "{{ odd, but a word", "ring": "canary",
        "hardware": "pi4_4gb", "environment": "production",
    }  # fmt: skip
    assert host.site == {
        "name": "Akron 01", "city": "Akron", "state": "OH", "latitude": 41.1, "longitude": -81.0, "region": "west",
    }  # fmt: skip


def test_the_tenant_that_is_given_stands_over_groups() -> None:
    (host,), wrong = find(inventory(groups=["tenant_other"]), Vault(()), "bluewave")
    assert (host.tenant, wrong) == ("bluewave", [])


def test_a_host_without_site_variables_is_a_site_of_its_own_name() -> None:
    (host,), _ = find(inventory(akron={}), Vault(()), None)
    assert (host.site, host.device["environment"]) == ({"name": "akron", "region": "west"}, "production")


def test_hosts_that_are_no_pis_are_left_out() -> None:
    found = inventory() | {"control": {"hosts": ["control-1"]}}
    assert [host.name for host in find(found, Vault(()), None)[0]] == ["akron"]


@pytest.mark.parametrize(
    ("changes", "path", "message"),
    [
        ({"ansible_host": "{{ address }}"}, "ansible_host", "is a template"),
        ({"ansible_host": "-oProxyCommand=sh"}, "address", "does not fit"),
        ({"ansible_port": 70000}, "ssh_port", "from 1 to 65535"),
        ({"camera_port": "no"}, "camera_port", "from 1 to 65535"),
        ({"camera_path": "ch1"}, "camera_path", "does not fit"),
        ({"site_latitude": "north"}, "site_latitude", "from -90 to 90"),
        ({"site_timezone": "Akron"}, "site_timezone", "no IANA time zone"),
        ({"site_city": ""}, "site_city", "one line"),
        ({"camera_password": 12345678}, "camera_password", "must be text"),
        ({"camera_password": {"__ansible_vault": "x"}}, "camera_password", "give --vault-password-file"),
        ({"pi_service_api_keys": [{"name": "till"}]}, "api_keys[0].sha256", "must be text"),
        ({"pi_service_api_keys": "till"}, "api_keys", "must be a list"),
    ],
)
def test_what_cannot_be_taken_is_named_by_host_and_variable(changes: dict[str, Any], path: str, message: str) -> None:
    found = faults(inventory(akron=VARIABLES | changes))
    assert list(found) == [f"hosts.akron.{path}"]
    assert message in found[f"hosts.akron.{path}"]


def test_a_password_is_not_quoted_by_its_fault() -> None:
    assert "hunter2" not in str(faults(inventory(akron=VARIABLES | {"camera_password": "hunter2\n"})))


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        (["region_west"], "is in no group tenant_*"),
        (["tenant_a", "tenant_b"], "is in more than one group tenant_*: a, b"),
        (["tenant_a", "ring_x", "ring_y"], "is in more than one group ring_*: x, y"),
        (["tenant_a", "env_dev"], "is in more than one group env_*: dev, production"),
        (["tenant_Ä"], "is in no group tenant_*"),
    ],
)
def test_groups_that_are_missing_or_contradict_each_other_are_named(groups: list[str], message: str) -> None:
    assert message in faults(inventory(groups=groups))["hosts.akron"]


def test_an_inventory_without_environments_or_without_pis_is_refused() -> None:
    found = inventory()
    del found["env_production"]
    assert "env_production" in faults(found)["hosts.akron"]
    assert "nothing to import" in faults({"_meta": {"hostvars": {}}, "all": {"children": []}})["groups.pis"]


def test_two_pis_at_one_site_describe_it_alike() -> None:
    other = VARIABLES | {"ansible_host": "198.18.0.11"}
    assert faults(inventory(akron=VARIABLES, akron2=other)) == {}
    assert "differently" in faults(inventory(akron=VARIABLES, akron2=other | {"site_city": "x"}))["hosts.akron2"]


def test_sites_of_one_name_in_two_states_are_told_apart() -> None:
    maine = VARIABLES | {"site_name": "Portland 02", "site_city": "Portland", "site_state": "ME"}
    hosts, wrong = find(inventory(a=maine, b=maine | {"site_state": "OR"}), Vault(()), None)
    assert [host.site["name"] for host in hosts] == ["Portland 02, ME", "Portland 02, OR"]
    assert wrong == []


def test_a_vaulted_value_is_refused_where_the_password_does_not_fit(tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.write_text("wrong")
    value = {"__ansible_vault": "$ANSIBLE_VAULT;1.1;AES256\n6161\n"}
    _, (fault,) = find(inventory(akron=VARIABLES | {"camera_password": value}), Vault((password,)), None)
    assert "does not fit" in fault.message
