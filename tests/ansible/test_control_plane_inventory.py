"""The inventory from the control plane: what the files say, from another place, and never a template."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.ansible.conftest import REPOSITORY, Ansible, Ask
from tests.ansible.control_plane import TOKEN, Answer, ControlPlane, device, sentence, variables_of

STAGING = REPOSITORY / "inventory" / "staging"
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGJ0b3VnaHRvYmVhaG9zdGtleWJ1dGl0aXNub3RvbmU="
OTHER_KEY = "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBA=="
PASSWORD = '{"camera_password": "s3cret"}'


def staging_devices() -> list[dict[str, Any]]:
    """The devices that the files of inventory/staging describe."""
    groups = yaml.safe_load((STAGING / "hosts.yml").read_text(encoding="utf-8"))["all"]["children"]
    return [
        device(
            name,
            variables=variables,
            groups=["env_staging", *(group for group, members in groups.items() if name in members.get("hosts", {}))],
        )
        for name, variables in groups["pis"]["hosts"].items()
    ]


@pytest.mark.parametrize("host", ["bench-01", "bench-02", "bench-03"])
def test_a_host_has_the_variables_that_it_has_from_files(
    ask: Ask, ansible: Ansible, plane: ControlPlane, host: str
) -> None:
    plane.has(*staging_devices())
    from_files = variables_of(ansible("ansible-inventory", "-i", STAGING, "--host", host))
    from_the_control_plane = variables_of(ask("ansible-inventory", "--host", host))
    assert "pi_service_config" in from_files
    assert from_the_control_plane.pop("ansible_ssh_common_args").startswith(f"-o HostKeyAlias={host} ")
    assert from_the_control_plane == from_files


def test_a_host_has_the_groups_that_it_has_from_files(ask: Ask, ansible: Ansible, plane: ControlPlane) -> None:
    plane.has(*staging_devices())
    from_files = variables_of(ansible("ansible-inventory", "-i", STAGING, "--list"))
    from_the_control_plane = variables_of(ask("ansible-inventory", "--list"))
    # In the files, the sites are in their environment by way of `pis`.
    assert from_files["env_staging"] == {"children": ["pis"]}
    assert from_the_control_plane.pop("env_staging") == from_files["pis"]
    names = set(from_files) - {"_meta", "all", "env_staging", "monitoring", "grafana"}  # it knows sites and no others
    assert {name: from_the_control_plane[name] for name in names} == {name: from_files[name] for name in names}


def test_a_playbook_makes_the_same_configuration_of_both(ask: Ask, ansible: Ansible, plane: ControlPlane) -> None:
    plane.has(*staging_devices())
    show = ("bench-01", "-c", "local", "-m", "debug", "-a", "var=pi_service_config", "-e", PASSWORD)
    from_files = ansible("ansible", "-i", STAGING, *show)
    assert "rtsp://viewer:s3cret@192.168.50.64:554/" in from_files.stdout
    assert ask("ansible", *show).stdout == from_files.stdout


def test_what_is_said_of_all_pis_wins_over_what_is_said_of_tenants_as_in_the_files(
    ask: Ask, plane: ControlPlane, tmp_path: Path
) -> None:
    source = tmp_path / "source"
    (source / "group_vars").mkdir(parents=True)
    (source / "carwash.yml").write_text("plugin: carwash_control_plane\n")
    for group in ("pis", "tenant_a", "ring_main", "all"):
        (source / "group_vars" / f"{group}.yml").write_text(f"flavour: {group}\n")
    plane.has(device(groups=["tenant_a", "ring_main", "pis"]))
    assert variables_of(ask("ansible-inventory", "--host", "cw-1", source=source))["flavour"] == "pis"


def test_a_deployed_configuration_counts_with_its_number(ask: Ask, plane: ControlPlane) -> None:
    config = {"device_id": "cw-1", "rtsp_url": "rtsp://192.0.2.1/", "jpeg_quality": 70}
    deployed = {"pi_service_config": config, "pi_service_config_version": 7, "camera_host": "192.0.2.9"}
    plane.has(device(variables=deployed), device("cw-2", variables={"camera_host": "192.0.2.9"}))
    one, two = (variables_of(ask("ansible-inventory", "--host", name)) for name in ("cw-1", "cw-2"))
    assert (one["pi_service_config"], one["pi_service_config_version"]) == (config, 7)
    assert "pi_service_setting_names" in two["pi_service_config"]
    assert "pi_service_config_version" not in two


def test_no_text_of_the_control_plane_is_a_template(ask: Ask, plane: ControlPlane, tmp_path: Path) -> None:
    hostile = f"{{{{ lookup('ansible.builtin.pipe', 'touch {tmp_path}/done') }}}}"
    variables = {
        "site_name": hostile,
        "camera_host": "192.0.2.1",
        "camera_path": f"/{hostile}",
        "pi_service_api_keys": [{"name": hostile, "sha256": "0"}],
    }
    deployed = {"pi_service_config": {"device_id": hostile, hostile: [hostile]}, "site_city": "{% raw %}"}
    plane.has(device(variables=variables), device("cw-2", variables=deployed))
    play = tmp_path / "show.yml"
    message = "{{ [site_name | default(''), site_city | default(''), pi_service_config] | to_json }}"
    tasks = [{"ansible.builtin.debug": {"msg": message}}]
    play.write_text(json.dumps([{"hosts": "all", "gather_facts": False, "connection": "local", "tasks": tasks}]))
    result = ask("ansible-playbook", play, ANSIBLE_CALLBACK_RESULT_FORMAT="json")
    assert result.returncode == 0, result.stdout + result.stderr
    assert not (tmp_path / "done").exists()
    assert result.stdout.count("lookup('ansible.builtin.pipe'") == 6
    assert "{% raw %}" in result.stdout


def test_an_inventory_of_many_pages_is_read_to_its_end(ask: Ask, plane: ControlPlane) -> None:
    plane.has(device("cw-1"), following="/api/inventory?cursor=a%2Fb")
    plane.has(device("cw-2"), path="/api/inventory?cursor=a%2Fb", following="/api/inventory?cursor=c")
    plane.has(device("cw-3"), path="/api/inventory?cursor=c")
    listed = variables_of(ask("ansible-inventory", "--list"))
    assert listed["pis"]["hosts"] == ["cw-1", "cw-2", "cw-3"]
    assert {authorization for _, authorization in plane.asked} == {f"Bearer {TOKEN}"}


@pytest.mark.parametrize("following", ["http://192.0.2.1/api/inventory", "//192.0.2.1/x", 5, {"cursor": 1}])
def test_a_next_page_elsewhere_is_not_followed(ask: Ask, plane: ControlPlane, following: Any) -> None:
    plane.has(device(), following=following)
    assert "as its next page, which is not its own" in sentence(ask("ansible-inventory", "--list"))


def test_pages_that_go_in_circles_end(ask: Ask, plane: ControlPlane) -> None:
    plane.has(device(), following="/api/inventory?cursor=a")
    plane.has(device("cw-2"), path="/api/inventory?cursor=a", following="/api/inventory?cursor=a")
    assert "sends the same page of its inventory again and again" in sentence(ask("ansible-inventory", "--list"))


def problem(status: int, **parts: Any) -> Answer:
    document = {"detail": "say \x1b[31mwhich\u2026", "status": status} | parts
    return Answer(status, json.dumps(document).encode(), {"Content-Type": "application/problem+json"})


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Answer(401), "does not know this token (401)"),
        (Answer(403), "may not read the inventory (403)"),
        (
            problem(422, faults=[{"path": "$", "message": "one of acme, blue"}]),
            "inventory: say [31mwhich\u2026; $ one of acme",
        ),
        (problem(503), "answered 503 Service Unavailable instead of its inventory: say [31mwhich\u2026"),
        (problem(422, detail=7), "answered 422 Unprocessable Entity instead of its inventory"),
        (problem(422, faults="none"), "answered 422 Unprocessable Entity instead of its inventory"),
        (Answer(500), "answered 500 Internal Server Error instead of its inventory"),
        (Answer(302, headers={"Location": "/elsewhere"}), "sends on to /elsewhere; the token is not taken along"),
        (Answer(body=b"<html>Sign in</html>"), "did not answer in JSON"),
        (Answer(body=b"\xff\xfe"), "did not answer in JSON"),
        (Answer(body=b"[]"), "answered without a list of devices"),
        (Answer(body=b'{"devices": {}}'), "answered without a list of devices"),
        (Answer(body=b" " * (32 * 2**20 + 1)), "sent more than 32 MiB at once"),
    ],
    ids=[
        "401",
        "403",
        "422",
        "503",
        "odd detail",
        "odd faults",
        "500",
        "302",
        "html",
        "bytes",
        "list",
        "no devices",
        "large",
    ],
)
def test_every_other_answer_is_explained_by_a_sentence(
    ask: Ask, plane: ControlPlane, answer: Answer, said: str
) -> None:
    plane.answers["/api/inventory"] = answer
    assert said in sentence(ask("ansible-inventory", "--list"))
    assert [path for path, _ in plane.asked] == ["/api/inventory"]


def test_a_control_plane_that_is_away_is_named(ask: Ask) -> None:
    said = sentence(ask("ansible-inventory", "--list", CARWASH_CONTROL_URL="http://127.0.0.1:1"))
    assert "the control plane at http://127.0.0.1:1/ cannot be reached" in said
    assert "Connection refused" in said


def test_a_control_plane_that_says_nothing_is_not_waited_for_without_end(
    ask: Ask, plane: ControlPlane, tmp_path: Path
) -> None:
    plane.answers["/api/inventory"] = Answer(held=threading.Event())
    source = tmp_path / "carwash.yml"
    source.write_text("plugin: carwash_control_plane\ntimeout_seconds: 1\n")
    assert "cannot be reached: timed out" in sentence(ask("ansible-inventory", "--list", source=source))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("no device", "named None, which is no name of a host"),
        (device("-oProxyCommand=x"), "which is no name of a host"),
        (device("a\nb"), "which is no name of a host"),
        (device(groups=None), "groups of cw-1 is missing or not of the form"),
        (device(variables=[]), "variables of cw-1 is missing or not of the form"),
        (device(groups=["all"]), "is in a group 'all', which is not one of"),
        (device(groups=["tenant_{{ x }}"]), "which is not one of"),
        (device(groups=["control_plane"]), "which is not one of"),
        (device(groups=[7]), "which is not one of"),
        (device("pis"), "has 'pis' twice, as a device or as a group, too"),
        (device("all"), "has 'all' twice"),
        (device(variables={"ansible_connection": "local"}), "which is not the control plane's to set"),
        (device(variables={"ansible_ssh_common_args": "-o x"}), "which is not the control plane's to set"),
        (device(variables={"hostvars": {}}), "which is not the control plane's to set"),
        (device(variables={"ansible_host": "-oProxyCommand=id"}), "which ssh must not be given"),
        (device(variables={"ansible_user": "root -x"}), "which ssh must not be given"),
        (device(variables={"ansible_port": "22 -x"}), "which ssh must not be given"),
        (device(ssh_host_keys=[f"{KEY}\n* {OTHER_KEY}"]), "as SSH host key, which is none"),
        (device(ssh_host_keys=["@cert-authority * ssh-rsa AAAA"]), "as SSH host key, which is none"),
        (device(ssh_host_keys=[5]), "as SSH host key, which is none"),
    ],
)
def test_a_device_that_makes_no_sense_is_named(ask: Ask, plane: ControlPlane, wrong: Any, said: str) -> None:
    plane.sends({"devices": [wrong], "next": None})
    assert said in sentence(ask("ansible-inventory", "--list"))


def test_a_name_that_is_there_twice_is_refused(ask: Ask, plane: ControlPlane) -> None:
    plane.has(device(), device())
    assert "has 'cw-1' twice" in sentence(ask("ansible-inventory", "--list"))


def test_a_group_s_name_is_made_one_that_ansible_takes(ask: Ask, plane: ControlPlane) -> None:
    plane.has(device(groups=["pis", "tenant_blue-wave", "region_new england", "hardware_pi4.2"]))
    listed = variables_of(ask("ansible-inventory", "--list"))
    assert {"tenant_blue_wave", "region_new_england", "hardware_pi4_2"} <= set(listed)


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"CARWASH_CONTROL_URL": ""}, "the address of the control plane is"),
        ({"CARWASH_CONTROL_URL": "file:///etc/passwd"}, "to the like of https://control.example.com"),
        ({"CARWASH_CONTROL_URL": "https://user:pass@host/"}, "to the like of https://control.example.com"),
        ({"CARWASH_INVENTORY_TOKEN": ""}, "the inventory token is missing: set CARWASH_INVENTORY_TOKEN"),
        ({"CARWASH_INVENTORY_TOKEN": "a b"}, "the inventory token has characters that no token has"),
        ({"CARWASH_KNOWN_HOSTS": "/proc/known_hosts"}, "host keys cannot be written to /proc/known_hosts"),
    ],
)
def test_what_is_missing_is_named_with_the_place_to_put_it(
    ask: Ask, plane: ControlPlane, environment: dict[str, str], said: str
) -> None:
    plane.has(device())
    assert said in sentence(ask("ansible-inventory", "--list", **environment))


def test_address_and_token_may_stand_in_the_source(ask: Ask, plane: ControlPlane, tmp_path: Path) -> None:
    plane.has(device(), path="/behind/a/path/api/inventory")
    source = tmp_path / "carwash.yml"
    source.write_text(f"plugin: carwash_control_plane\nurl: {plane.url}/behind/a/path\ntoken: from-the-file\n")
    environment = {"CARWASH_CONTROL_URL": "", "CARWASH_INVENTORY_TOKEN": ""}
    result = ask("ansible-inventory", "--list", source=source, **environment)
    assert variables_of(result)["pis"]["hosts"] == ["cw-1"]
    assert plane.asked == [("/behind/a/path/api/inventory", "Bearer from-the-file")]


def test_the_token_is_never_shown(ask: Ask, plane: ControlPlane) -> None:
    plane.has(device())
    for result in (
        ask("ansible-inventory", "--list", "-vvvvv", ANSIBLE_DEBUG="1"),
        ask("ansible-inventory", "--list", "-vvvvv", CARWASH_INVENTORY_TOKEN=f"{TOKEN} x"),
    ):
        assert TOKEN not in result.stdout + result.stderr


def test_the_other_inventories_ask_nobody(ansible: Ansible, plane: ControlPlane) -> None:
    environment = {"CARWASH_CONTROL_URL": plane.url, "CARWASH_INVENTORY_TOKEN": TOKEN}
    variables_of(ansible("ansible-inventory", "-i", STAGING, "--list", variables=environment))
    assert plane.asked == []
