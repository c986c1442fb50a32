"""How Ansible reaches the devices of the control plane's inventory: whose host keys count, and which key opens them."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path

import pytest

from tests.ansible.conftest import Ask
from tests.ansible.control_plane import ControlPlane, device, variables_of

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGJ0b3VnaHRvYmVhaG9zdGtleWJ1dGl0aXNub3RvbmU="
OTHER_KEY = "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBA=="


def test_host_keys_are_kept_under_the_devices_names_and_nothing_else_is(
    ask: Ask, plane: ControlPlane, tmp_path: Path
) -> None:
    file = tmp_path / "known_hosts"
    file.write_text("gone-1 ssh-ed25519 AAAA\n")
    plane.has(device(ssh_host_keys=[f"{KEY} root@cw-1", OTHER_KEY]), device("cw-2", ssh_host_keys=[]))
    variables_of(ask("ansible-inventory", "--list"))
    assert file.read_text() == f"cw-1 {KEY}\ncw-1 {OTHER_KEY}\n"
    assert file.stat().st_mode & 0o077 == 0
    assert sorted(path.name for path in tmp_path.glob("*known_hosts*")) == ["known_hosts"]


@pytest.mark.parametrize("name", ["known_hosts", "with a space", "with%percent"])
def test_ssh_understands_that_only_these_keys_count(ask: Ask, plane: ControlPlane, tmp_path: Path, name: str) -> None:
    plane.has(device(ssh_host_keys=[KEY]))
    file = tmp_path / name
    arguments = variables_of(ask("ansible-inventory", "--host", "cw-1", CARWASH_KNOWN_HOSTS=str(file)))
    command = ["ssh", "-G", "-F", "none", *shlex.split(arguments["ansible_ssh_common_args"]), "192.0.2.1"]
    options = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    assert {"hostkeyalias cw-1", "stricthostkeychecking true", "globalknownhostsfile /dev/null"} <= set(options)
    assert f"userknownhostsfile {file}" in options
    found = subprocess.run(["ssh-keygen", "-F", "cw-1", "-f", str(file)], capture_output=True, text=True, check=True)
    assert KEY in found.stdout


def test_without_a_place_of_their_own_host_keys_go_to_the_user_s_cache(
    ask: Ask, plane: ControlPlane, tmp_path: Path
) -> None:
    plane.has(device(ssh_host_keys=[KEY]))
    variables_of(ask("ansible-inventory", "--list", CARWASH_KNOWN_HOSTS="", XDG_CACHE_HOME=str(tmp_path / "cache")))
    (file,) = (tmp_path / "cache" / "carwash" / "known_hosts").iterdir()
    assert file.name == plane.url.removeprefix("http://").replace(":", "_")
    assert file.read_text() == f"cw-1 {KEY}\n"


def test_the_private_key_is_said_to_ansible_only_if_there_is_one(ask: Ask, plane: ControlPlane) -> None:
    plane.has(device())
    assert "ansible_ssh_private_key_file" not in variables_of(ask("ansible-inventory", "--host", "cw-1"))
    with_key = variables_of(ask("ansible-inventory", "--host", "cw-1", CARWASH_SSH_KEY_FILE="/keys/id"))
    assert with_key["ansible_ssh_private_key_file"] == "/keys/id"
