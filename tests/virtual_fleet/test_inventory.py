"""The inventory by which the real playbooks reach the virtual sites."""

from __future__ import annotations

import hashlib
import json
import stat
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from virtual_fleet import access, bringup, inventory, places, state
from virtual_fleet.commands import run
from virtual_fleet.errors import FleetError
from virtual_fleet.site import Site


@pytest.fixture
def sites(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Site]:
    """Four sites with real keys, among the files of this test."""
    monkeypatch.setattr(places, "STATE_ROOT", tmp_path)
    monkeypatch.setattr(access, "STATE_ROOT", tmp_path)
    (tmp_path / "demo").mkdir()
    access.create_fleet_secrets("demo")
    sites = [Site("demo", index, "10.77") for index in range(4)]
    for site in sites:
        access.create_site_secrets(site)
    return sites


def hosts(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = document["all"]["children"]["pis"]["hosts"]
    return found


def test_a_site_is_reached_with_its_host_key_checked(sites: list[Site]) -> None:
    variables = hosts(inventory.document(sites, bare=False))["cw-demo-002"]
    assert variables["ansible_host"] == "10.77.0.3"
    assert variables["ansible_user"] == "ops"
    assert "StrictHostKeyChecking=yes" in variables["ansible_ssh_common_args"]
    assert str(access.known_hosts("demo")) in variables["ansible_ssh_common_args"]


def test_a_site_knows_its_camera_and_the_hash_of_the_key_but_never_the_key(sites: list[Site]) -> None:
    variables = hosts(inventory.document(sites, bare=False))["cw-demo-001"]
    key = access.api_key("demo").read_text().strip()
    assert variables["camera_host"] == sites[0].camera_address
    assert variables["camera_password"] == sites[0].camera_password
    assert variables["pi_service_api_keys"][0]["sha256"] == hashlib.sha256(key.encode()).hexdigest()
    assert key not in str(variables)


def test_every_camera_has_its_own_password(sites: list[Site]) -> None:
    assert len({site.camera_password for site in sites}) == len(sites)


def test_rings_begin_with_a_canary(sites: list[Site]) -> None:
    children = inventory.document(sites, bare=False)["all"]["children"]
    rings = {ring: list(children[f"ring_{ring}"]["hosts"]) for ring in ("canary", "early", "main")}
    assert rings == {"canary": ["cw-demo-001"], "early": ["cw-demo-002", "cw-demo-003"], "main": ["cw-demo-004"]}


def test_a_wished_interval_is_set_for_all(sites: list[Site]) -> None:
    pis = inventory.document(sites, bare=False, interval_seconds=2)["all"]["children"]["pis"]
    assert pis["vars"] == {"pi_service_setting_snapshot_interval_seconds": 2}


def test_a_control_plane_is_set_for_every_site_and_asked_more_often_than_the_environment_says(
    sites: list[Site], tmp_path: Path
) -> None:
    path = tmp_path / "fleet" / "hosts.yml"
    inventory.write(path, inventory.document(sites, bare=False, control_url="http://10.77.0.1:8000"))
    command = [str(Path(sys.executable).with_name("ansible-inventory")), "--inventory", str(path.parent), "--list"]
    shown = json.loads(run(command))["_meta"]["hostvars"]
    assert {variables["pi_service_setting_control_url"] for variables in shown.values()} == {"http://10.77.0.1:8000"}
    assert {variables["pi_service_setting_checkin_interval_seconds"] for variables in shown.values()} == {2}


def test_an_enrolment_token_is_for_its_site_only(sites: list[Site]) -> None:
    found = hosts(inventory.document(sites, bare=False, enrolment_tokens={"cw-demo-002": "once"}))
    tokens = {name: variables.get("pi_service_enrolment_token") for name, variables in found.items()}
    assert tokens == {"cw-demo-001": None, "cw-demo-002": "once", "cw-demo-003": None, "cw-demo-004": None}


def test_an_enrolment_token_for_a_site_that_will_not_be_there_is_refused(sites: list[Site], tmp_path: Path) -> None:
    wishes = bringup.Wishes(sites=4, bare=True, enrolment_tokens={"cw-demo-005": "once", "cw-demo-004": "once"})
    with pytest.raises(FleetError, match="tokens for cw-demo-005; fleet 'demo' has cw-demo-001 to cw-demo-004"):
        bringup.bring_up("demo", wishes)
    assert state.load("demo") is None


def test_a_bare_site_has_no_camera(sites: list[Site]) -> None:
    assert not [
        name for name in hosts(inventory.document(sites, bare=True))["cw-demo-001"] if name.startswith("camera_")
    ]


def test_the_file_is_for_its_owner_only_and_has_the_repositorys_variables_beside_it(
    sites: list[Site], tmp_path: Path
) -> None:
    path = tmp_path / "somewhere" / "hosts.yml"
    content = inventory.document(sites, bare=False)
    inventory.write(path, content)
    inventory.write(path, content)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert yaml.safe_load(path.read_text()) == content
    assert (path.parent / "group_vars").resolve() == places.REPOSITORY / "group_vars"


def test_known_hosts_hold_each_sites_own_key(sites: list[Site]) -> None:
    access.write_known_hosts("demo", sites)
    lines = access.known_hosts("demo").read_text().splitlines()
    assert [line.split()[0] for line in lines] == [f"{site.address},{site.name}" for site in sites]
    assert len({line.split()[2] for line in lines}) == len(sites)


def test_sites_are_dealt_out_to_as_many_tenants_as_there_are_to_be(sites: list[Site]) -> None:
    children = inventory.document(sites, bare=False, tenants=2)["all"]["children"]
    owners = {name: sorted(group["hosts"]) for name, group in children.items() if name.startswith("tenant_")}
    assert owners == {
        "tenant_bluewave": ["cw-demo-001", "cw-demo-003"],
        "tenant_cleancar": ["cw-demo-002", "cw-demo-004"],
    }
