"""`flask inventory import`: from inventory files to devices, whole or not at all."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import Result
from flask import Flask

from control_ui.models import AuditEntry, Device, EnrolmentToken, Site, Tenant
from control_ui.models.scope import ScopedSession
from control_ui.services.devices import ansible_inventory
from control_ui.services.devices.enrolment import sha256
from control_ui.settings import REPOSITORY
from tests.control_ui import factories
from tests.control_ui.conftest import NOW
from tests.control_ui.devices.keys import host_key

PASSWORD = "hunter2-of-the-camera"
HOSTS = """
pis:
  hosts:
    akron:
      ansible_host: 198.18.0.10
      site_name: Akron 01
      camera_host: 192.168.50.64
      camera_user: viewer
      camera_password: {password}
    boise:
      ansible_host: 198.18.0.11
      pi_service_api_keys: [{{name: till, sha256: {digest}}}]
env_dev: {{children: {{pis: }}}}
tenant_bluewave: {{hosts: {{akron: , boise: }}}}
ring_canary: {{hosts: {{akron: }}}}
"""


@pytest.fixture
def inventory(tmp_path: Path) -> Path:
    path = tmp_path / "hosts.yml"
    path.write_text(HOSTS.format(password=PASSWORD, digest="a" * 64))
    return path


@pytest.fixture
def bluewave(session: ScopedSession) -> Tenant:
    tenant = factories.tenant(session, "bluewave")
    session.commit()
    return tenant


def imported(app: Flask, *arguments: object) -> Result:
    return app.test_cli_runner().invoke(args=["inventory", "import", *map(str, arguments)])


def devices(session: ScopedSession) -> dict[str, Device]:
    session.expunge_all()
    found = {device.name: device for device in session.scalars(sa.select(Device)).unique()}
    session.commit()
    return found


def count(session: ScopedSession, model: Any) -> int:
    found = session.scalar(sa.select(sa.func.count()).select_from(model)) or 0
    session.commit()
    return found


@pytest.mark.usefixtures("bluewave")
def test_hosts_become_devices_and_doing_it_again_changes_nothing(
    app: Flask, session: ScopedSession, inventory: Path
) -> None:
    first = imported(app, inventory, "--tenant-from-groups", "--reason", "first fill")
    assert (first.exit_code, first.output) == (0, "+ akron\n+ boise\n2 added, 0 changed, 0 left.\n")
    found = devices(session)
    assert (found["akron"].ring, found["akron"].camera_password, found["akron"].site.name) == (
        "canary",
        PASSWORD,
        "Akron 01",
    )
    assert found["boise"].api_keys == [{"name": "till", "sha256": "a" * 64}]
    again = imported(app, inventory, "--tenant", "bluewave")
    assert again.output == "0 added, 0 changed, 2 left.\n"
    entry = session.scalars(sa.select(AuditEntry).where(AuditEntry.action == "inventory.import")).one()
    assert (entry.reason, sorted((entry.after or {})["added"])) == ("first fill", ["akron", "boise"])
    assert PASSWORD not in json.dumps([entry.before, entry.after]) + first.output


@pytest.mark.usefixtures("bluewave")
def test_what_differs_is_told_field_by_field_without_secrets(
    app: Flask, session: ScopedSession, inventory: Path
) -> None:
    imported(app, inventory, "--tenant", "bluewave")
    session.execute(sa.update(Device).where(Device.name == "boise").values(held_reason="lens", ring="main"))
    session.commit()
    text = inventory.read_text().replace(PASSWORD, "another-secret").replace("198.18.0.11", "198.18.0.12")
    inventory.write_text(text.replace("Akron 01", "Akron 02"))
    result = imported(app, inventory, "--tenant", "bluewave")
    assert result.output == (
        '~ akron: site_name null -> "Akron 02", site "Akron 01" -> "Akron 02", camera_password_revision 1 -> 2\n'
        '~ boise: address "198.18.0.11" -> "198.18.0.12"\n'
        "0 added, 2 changed, 0 left.\n"
    )
    found = devices(session)
    assert (found["akron"].camera_password, found["boise"].held_reason) == ("another-secret", "lens")


@pytest.mark.usefixtures("bluewave")
def test_what_the_inventory_does_not_say_stays(app: Flask, session: ScopedSession, inventory: Path) -> None:
    imported(app, inventory, "--tenant", "bluewave")
    lines = inventory.read_text().splitlines()
    inventory.write_text("\n".join(line for line in lines if "password" not in line and "api_keys" not in line))
    assert imported(app, inventory, "--tenant", "bluewave").output == "0 added, 0 changed, 2 left.\n"
    assert devices(session)["akron"].camera_password == PASSWORD


@pytest.mark.usefixtures("bluewave")
def test_a_fault_in_one_host_leaves_everything_as_it_was(app: Flask, session: ScopedSession, inventory: Path) -> None:
    inventory.write_text(inventory.read_text().replace("198.18.0.11", "'-oProxyCommand=sh'"))
    result = imported(app, inventory, "--tenant", "bluewave")
    assert result.exit_code == 1
    assert "hosts.boise.address: does not fit" in result.output
    assert count(session, Device) == count(session, Site) == count(session, AuditEntry) == 0


def test_a_tenant_that_is_not_there_is_made_only_when_asked(
    app: Flask, session: ScopedSession, inventory: Path
) -> None:
    result = imported(app, inventory, "--tenant-from-groups")
    assert result.exit_code == 1
    assert "tenants.bluewave: does not exist: create it, or give --create-tenants" in result.output
    result = imported(app, inventory, "--tenant-from-groups", "--create-tenants")
    assert result.output.startswith("+ tenant bluewave\n+ akron\n")
    assert session.scalars(sa.select(Tenant.slug)).all() == ["bluewave"]


def test_a_dry_run_says_all_and_does_nothing(
    app: Flask, session: ScopedSession, inventory: Path, tmp_path: Path
) -> None:
    tokens = tmp_path / "tokens.json"
    result = imported(
        app, inventory, "--tenant-from-groups", "--create-tenants", "--dry-run", "--enrolment-tokens", tokens
    )
    assert "2 added" in result.output
    assert "nothing was done" in result.output
    assert count(session, Device) == count(session, Tenant) == count(session, AuditEntry) == 0
    assert not tokens.exists()


@pytest.mark.usefixtures("bluewave")
def test_enrolment_tokens_are_for_devices_without_a_device_token_and_for_their_owner_only(
    app: Flask, session: ScopedSession, inventory: Path, tmp_path: Path
) -> None:
    imported(app, inventory, "--tenant", "bluewave")
    session.execute(sa.update(Device).where(Device.name == "boise").values(token_sha256="b" * 64))
    session.commit()
    path = tmp_path / "tokens.json"
    result = imported(app, inventory, "--tenant", "bluewave", "--enrolment-tokens", path)
    assert result.output == "0 added, 0 changed, 2 left, 1 enrolment tokens.\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    tokens = json.loads(path.read_text())
    assert list(tokens) == ["akron"]
    row = session.scalars(sa.select(EnrolmentToken)).one()
    assert row.token_sha256 == sha256(tokens["akron"])
    assert tokens["akron"] not in result.output


@pytest.mark.usefixtures("bluewave")
def test_where_the_tokens_cannot_be_written_nothing_is_imported(
    app: Flask, session: ScopedSession, inventory: Path, tmp_path: Path
) -> None:
    path = tmp_path / "nowhere" / "tokens.json"
    result = imported(app, inventory, "--tenant", "bluewave", "--enrolment-tokens", path)
    assert result.exit_code == 1
    assert "nothing was imported" in result.output
    assert count(session, Device) == 0


@pytest.mark.usefixtures("bluewave")
def test_host_keys_come_from_a_known_hosts_file_but_not_over_what_a_pi_registered_with(
    app: Flask, session: ScopedSession, inventory: Path, tmp_path: Path
) -> None:
    known_hosts = tmp_path / "known_hosts"
    known_hosts.write_text(f"198.18.0.10 {host_key()}\n")
    arguments = (inventory, "--tenant", "bluewave", "--known-hosts", known_hosts)
    result = imported(app, *arguments)
    assert "! boise: the known_hosts file has no key of it" in result.output
    assert devices(session)["akron"].ssh_host_keys == [host_key()]
    session.execute(sa.update(Device).where(Device.name == "akron").values(registered_at=NOW))
    session.commit()
    known_hosts.write_text(f"198.18.0.10 {host_key(seed=9)}\n")
    result = imported(app, *arguments)
    assert "! akron: it registered with other keys than the known_hosts file has" in result.output
    assert devices(session)["akron"].ssh_host_keys == [host_key()]
    known_hosts.write_text("nonsense\n")
    assert "line 1: is no host key" in imported(app, *arguments).output


@pytest.mark.parametrize("arguments", [[], ["--tenant", "x", "--tenant-from-groups"]])
def test_it_must_be_said_whose_devices_they_are(app: Flask, inventory: Path, arguments: list[str]) -> None:
    result = imported(app, inventory, *arguments)
    assert result.exit_code == 2
    assert "--tenant SLUG or --tenant-from-groups" in result.output


@pytest.mark.parametrize(
    ("content", "complaint"), [("pis: [", "ansible-inventory cannot read"), (None, "there is no inventory")]
)
def test_an_inventory_that_cannot_be_read_is_refused_in_ansibles_words(
    app: Flask, tmp_path: Path, content: str | None, complaint: str
) -> None:
    path = tmp_path / "broken.yml"
    if content is not None:
        path.write_text(content)
    result = imported(app, path, "--tenant", "bluewave")
    assert result.exit_code == 1
    assert complaint in result.output


@pytest.mark.usefixtures("bluewave")
def test_values_in_a_vault_need_its_password(
    app: Flask, session: ScopedSession, inventory: Path, tmp_path: Path
) -> None:
    password = tmp_path / "vault-password"
    password.write_text("of the vault")
    program = str(Path(sys.executable).with_name("ansible-vault"))
    command = [program, "encrypt_string", "--vault-password-file", str(password), PASSWORD]
    encrypted = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    indented = encrypted.replace("\n", "\n" + " " * 10)
    inventory.write_text(inventory.read_text().replace(PASSWORD, indented))
    refused = imported(app, inventory, "--tenant", "bluewave")
    assert refused.exit_code == 1
    assert "hosts.akron.camera_password: is encrypted by ansible-vault: give --vault-password-file" in refused.output
    taken = imported(app, inventory, "--tenant", "bluewave", "--vault-password-file", password)
    assert (taken.exit_code, devices(session)["akron"].camera_password) == (0, PASSWORD)


def test_a_vaulted_file_needs_its_password_and_it_is_said_how_to_give_it(app: Flask, inventory: Path) -> None:
    group_vars = inventory.parent / "group_vars"
    group_vars.mkdir()
    (group_vars / "pis.yml").write_text("$ANSIBLE_VAULT;1.1;AES256\n6161\n")
    result = imported(app, inventory, "--tenant", "bluewave")
    assert result.exit_code == 1
    assert "give --vault-password-file" in result.output


def test_no_variable_is_read_that_a_playbook_run_would_not_see(inventory: Path) -> None:
    found = ansible_inventory.read(inventory, REPOSITORY)
    assert "pi_service_config" not in found["_meta"]["hostvars"]["akron"]  # of the repository's own group_vars


def test_the_production_inventory_comes_in_whole_and_changes_nothing_the_second_time(
    app: Flask, session: ScopedSession
) -> None:
    production = REPOSITORY / "inventory" / "production"
    first = imported(app, production, "--tenant-from-groups", "--create-tenants")
    assert first.output.endswith("500 added, 0 changed, 0 left.\n")
    assert (count(session, Tenant), count(session, Site)) == (6, 500)
    assert imported(app, production, "--tenant-from-groups").output == "0 added, 0 changed, 500 left.\n"
