"""A Pi that has just been installed, before anybody knows it."""

from __future__ import annotations

from pathlib import Path

import pytest

from pi_service.agent import Agent
from pi_service.sync import registration
from tests.pi_service.agent_fixtures import ControlPlane

ENROLMENT = "enrol-once-0123456789"
ED25519 = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ3Q"


@pytest.fixture(autouse=True)
def ssh_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The host keys of this Pi, and nothing of the machine the test runs on."""
    directory = tmp_path / "ssh"
    directory.mkdir()
    (directory / "ssh_host_ed25519_key.pub").write_text(f"{ED25519} root@wash-0001\n")
    monkeypatch.setattr(registration, "SSH_DIRECTORY", directory)
    monkeypatch.setattr(registration, "MODEL_FILE", tmp_path / "model")
    return directory


@pytest.fixture
def enrolment(token_file: Path, control_plane: ControlPlane) -> Path:
    """There is an enrolment token, and no device token."""
    token_file.unlink()
    path = token_file.with_name("enrolment-token")
    path.write_text(f"{ENROLMENT}\n")
    control_plane.enrolments[ENROLMENT] = None
    return path


@pytest.fixture
def pending(token_file: Path) -> Path:
    """Where the token waits that the control plane is not known to have taken."""
    return token_file.with_name("device-token.pending")


def fault(agent: Agent) -> str:
    """What `agent.json` says is wrong with the control plane."""
    said = agent.document()["control"]["fault"]
    assert isinstance(said, str)
    return said
