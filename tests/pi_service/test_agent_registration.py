"""A Pi makes itself known by a one-time enrolment token and a device token of its own, also across power cuts."""

from __future__ import annotations

import hashlib
import stat
from pathlib import Path
from typing import Any

import pytest

from pi_service import __version__
from pi_service.agent import Agent
from pi_service.atomic_files import write_json
from pi_service.paths import Paths
from pi_service.sync import registration
from tests.pi_service.agent_fixtures import (
    TOKEN,
    ControlPlane,
    FileJournal,
    agent,
    checked_in,
    clocks,
    control_plane,
    document,
    journal,
    token_file,
)
from tests.pi_service.registration_fixtures import ED25519, ENROLMENT, enrolment, fault, pending, ssh_directory

__all__ = [
    "agent",
    "clocks",
    "control_plane",
    "document",
    "enrolment",
    "journal",
    "pending",
    "ssh_directory",
    "token_file",
]

OWN_TOKEN = "pwOd1Zr5yL0kq3vNf7sXh2bT9cJ8aGm4uE6iRoSdWxY"
RSA = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQC7"


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_text().strip().encode()).hexdigest()


def hashes(plane: ControlPlane) -> list[str]:
    return [document["device_token_sha256"] for document in plane.registrations]


class TestRegistering:
    def test_a_new_pi_registers_and_checks_in_with_a_token_of_its_own_making(
        self, agent: Agent, control_plane: ControlPlane, enrolment: Path, token_file: Path
    ) -> None:
        assert checked_in(agent) == 10
        token = token_file.read_text().strip()
        assert len(token) == 43
        assert control_plane.tokens == [None, f"Bearer {token}"]
        assert control_plane.registrations == [
            {
                "device_id": "wash-0001",
                "enrolment_token": ENROLMENT,
                "device_token_sha256": hashlib.sha256(token.encode()).hexdigest(),
                "ssh_host_keys": [ED25519],
                "release": __version__,
                "hardware": None,
            }
        ]
        assert len(control_plane.checkins) == 1
        assert agent.document()["control"]["reachable"] is True

    def test_the_device_token_is_for_the_agent_alone_and_nothing_else_is_left(
        self, agent: Agent, enrolment: Path, token_file: Path, pending: Path
    ) -> None:
        checked_in(agent)
        assert stat.S_IMODE(token_file.stat().st_mode) == 0o600
        assert not enrolment.exists()
        assert not pending.exists()

    def test_the_enrolment_token_goes_with_the_registration_however_the_first_check_in_ends(
        self, agent: Agent, control_plane: ControlPlane, enrolment: Path, token_file: Path
    ) -> None:
        control_plane.replies["/api/agent/checkin"] = lambda _request: (500, {}, b"")
        checked_in(agent)
        assert token_file.exists()
        assert not enrolment.exists()

    def test_a_pi_registers_once(self, agent: Agent, control_plane: ControlPlane, enrolment: Path) -> None:
        for _ in range(3):
            checked_in(agent)
        assert len(control_plane.registrations) == 1
        assert len(control_plane.checkins) == 3

    @pytest.mark.parametrize("content", ["", "\n"])
    def test_an_empty_device_token_is_none(
        self, agent: Agent, control_plane: ControlPlane, enrolment: Path, token_file: Path, content: str
    ) -> None:
        token_file.write_text(content)
        checked_in(agent)
        assert hashes(control_plane) == [digest(token_file)]

    def test_a_pi_with_a_device_token_does_not_register(
        self, agent: Agent, control_plane: ControlPlane, enrolment: Path, token_file: Path
    ) -> None:
        token_file.write_text(TOKEN)
        checked_in(agent)
        assert control_plane.registrations == []
        assert token_file.read_text() == TOKEN

    def test_without_either_token_nobody_is_asked_and_both_files_are_named(
        self, agent: Agent, control_plane: ControlPlane, enrolment: Path, token_file: Path
    ) -> None:
        enrolment.unlink()
        assert checked_in(agent) >= 60
        assert control_plane.tokens == []
        assert str(token_file) in fault(agent)
        assert str(enrolment) in fault(agent)

    def test_without_a_control_url_the_enrolment_token_waits(
        self, paths: Paths, config_document: dict[str, Any], journal: FileJournal, enrolment: Path
    ) -> None:
        write_json(paths.config, config_document)
        agent = Agent(paths, journal=journal.reader)
        checked_in(agent)
        assert enrolment.exists()
        assert agent.document()["control"]["reachable"] is None


class TestWhatThePiTellsOfItself:
    def test_every_host_key_is_sent_without_its_comment_and_ed25519_first(
        self, agent: Agent, control_plane: ControlPlane, enrolment: Path, ssh_directory: Path
    ) -> None:
        (ssh_directory / "ssh_host_dsa_key.pub").write_text(f"{RSA} root@wash-0001\n")
        (ssh_directory / "ssh_host_ecdsa_key.pub").write_text("")
        (ssh_directory / "ssh_host_rsa_key.pub").write_text("-----BEGIN OPENSSH PRIVATE KEY-----\n")
        (ssh_directory / "ssh_host_rsa_key").write_text("-----BEGIN OPENSSH PRIVATE KEY-----\n")
        checked_in(agent)
        assert control_plane.registrations[0]["ssh_host_keys"] == [ED25519, RSA]

    def test_a_raspberry_pi_names_its_model(
        self, agent: Agent, control_plane: ControlPlane, enrolment: Path, tmp_path: Path
    ) -> None:
        (tmp_path / "model").write_bytes(b"Raspberry Pi 4 Model B Rev 1.5\0")
        checked_in(agent)
        assert control_plane.registrations[0]["hardware"] == "Raspberry Pi 4 Model B Rev 1.5"

    def test_a_host_key_that_cannot_be_read_is_named(
        self, agent: Agent, control_plane: ControlPlane, enrolment: Path, ssh_directory: Path
    ) -> None:
        (ssh_directory / "ssh_host_rsa_key.pub").mkdir()
        assert checked_in(agent) >= 60
        assert "ssh_host_rsa_key.pub" in fault(agent)
        assert control_plane.registrations == []


class TestALostAnswer:
    def test_costs_nothing_the_very_same_registration_is_repeated(
        self, agent: Agent, control_plane: ControlPlane, enrolment: Path, token_file: Path
    ) -> None:
        control_plane.loses_answers = True
        assert checked_in(agent) <= 1
        assert enrolment.exists()
        assert not token_file.exists()
        control_plane.loses_answers = False
        assert checked_in(agent) == 10
        assert hashes(control_plane) == [digest(token_file)] * 2
        assert not enrolment.exists()

    def test_costs_nothing_either_when_the_power_fails_in_between(
        self, paths: Paths, agent: Agent, control_plane: ControlPlane, journal: FileJournal, enrolment: Path
    ) -> None:
        control_plane.loses_answers = True
        checked_in(agent)
        control_plane.loses_answers = False
        assert checked_in(Agent(paths, journal=journal.reader)) == 10
        assert len(set(hashes(control_plane))) == 1

    def test_an_absent_control_plane_is_asked_again_with_growing_waits(
        self, agent: Agent, control_plane: ControlPlane, enrolment: Path
    ) -> None:
        control_plane.stop()
        waits = [checked_in(agent) for _ in range(12)]
        assert waits[0] <= 1
        assert 45 <= waits[-1] <= 60
        control_plane.start()
        assert checked_in(agent) in (1, 10)  # at once, where a backlog of the time before is left
        assert len(control_plane.registrations) == 1


class TestAfterAPowerCut:
    def test_a_token_that_waited_is_the_one_that_is_registered(
        self, agent: Agent, control_plane: ControlPlane, enrolment: Path, token_file: Path, pending: Path
    ) -> None:
        pending.write_text(f"{OWN_TOKEN}\n")
        checked_in(agent)
        assert token_file.read_text() == f"{OWN_TOKEN}\n"
        assert hashes(control_plane) == [digest(token_file)]

    @pytest.mark.parametrize("content", [b"", b"\0" * 44, OWN_TOKEN[:20].encode(), b"\xff\xfe", b"two words"])
    def test_a_torn_one_is_replaced(
        self,
        agent: Agent,
        control_plane: ControlPlane,
        enrolment: Path,
        token_file: Path,
        pending: Path,
        content: bytes,
    ) -> None:
        pending.write_bytes(content)
        pending.with_name(f".{pending.name}.k3x9").write_bytes(content)
        assert checked_in(agent) == 10
        assert len(token_file.read_text()) == 44
        assert hashes(control_plane) == [digest(token_file)]

    def test_leftovers_go_once_the_device_token_has_proved_itself(
        self, agent: Agent, control_plane: ControlPlane, enrolment: Path, token_file: Path, pending: Path
    ) -> None:
        token_file.write_text(TOKEN)
        pending.write_text(OWN_TOKEN)
        control_plane.stop()
        checked_in(agent)
        assert enrolment.exists()
        control_plane.start()
        checked_in(agent)
        assert not enrolment.exists()
        assert not pending.exists()
        assert control_plane.registrations == []


class TestADiskThatTakesNothing:
    def test_sends_nothing_before_the_token_is_safe(
        self, agent: Agent, control_plane: ControlPlane, enrolment: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def full(*_: object, **__: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(registration, "write_atomic", full)
        assert checked_in(agent) >= 60
        assert fault(agent) == "this Pi cannot register: [Errno 28] No space left on device"
        assert control_plane.registrations == []

    def test_repeats_the_registration_whose_token_could_not_be_put_in_place(
        self, agent: Agent, control_plane: ControlPlane, enrolment: Path, token_file: Path
    ) -> None:
        token_file.mkdir()
        (token_file / "in the way").touch()
        assert checked_in(agent) >= 60
        assert str(token_file) in fault(agent)
        (token_file / "in the way").unlink()
        token_file.rmdir()
        assert checked_in(agent) == 10
