"""The verifier as its user has it: one file beside a pack and a public key, and nothing of the control plane."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key

from control_ui.services.evidence import keys
from control_ui.settings import REPOSITORY
from tests.control_ui.evidence import packing
from tests.control_ui.evidence.packing import ENTRIES, FIRST, LAST, Made

VERIFIER = REPOSITORY / "tools" / "verify_evidence.py"


@pytest.fixture
def alone(tmp_path: Path, made: Made) -> Path:
    """A directory with nothing but the verifier, a pack and the public key."""
    shutil.copy(VERIFIER, tmp_path)
    (tmp_path / "pack.zip").write_bytes(made.content)
    (tmp_path / "public.pem").write_text(keys.public_pem(made.key))
    return tmp_path


def run(directory: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", "verify_evidence.py", *arguments]
    return subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False, timeout=60)


def test_the_verifier_needs_nothing_but_itself_the_pack_and_the_key(alone: Path, made: Made) -> None:
    done = run(alone, "pack.zip", "public.pem")
    assert (done.returncode, done.stderr) == (0, "")
    assert "valid: pack.zip" in done.stdout
    assert "tenant ours, from 2026-03-01T06:00:00.000Z until before 2026-04-01T05:00:00.000Z" in done.stdout
    assert f"{LAST - FIRST + 1} audit entries" in done.stdout
    assert re.search(rf"head was {ENTRIES}:[0-9a-f]{{64}}", done.stdout)
    place = packing.position(made.content, "audit/entries.jsonl", b"Grund 5")
    (alone / "pack.zip").write_bytes(packing.flip(made.content, place))
    done = run(alone, "pack.zip", "public.pem")
    assert (done.returncode, done.stderr) == (1, "")
    assert "INVALID: pack.zip\n- " in done.stdout
    assert "audit/entries.jsonl: entry 5 (line 3): it was changed" in done.stdout


def test_what_cannot_be_verified_is_said_in_a_sentence(alone: Path) -> None:
    (alone / "empty.zip").touch()
    (alone / "junk.pem").write_bytes(b"\x00junk")
    elliptic = generate_private_key(SECP256R1()).public_key()
    form = (serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    (alone / "other.pem").write_bytes(elliptic.public_bytes(*form))
    for arguments, code, words in (
        (("none.zip", "public.pem"), 2, "No such file"),
        (("pack.zip", "none.pem"), 2, "No such file"),
        ((".", "public.pem"), 2, "cannot verify"),
        (("pack.zip", "junk.pem"), 2, "no public key"),
        (("pack.zip", "other.pem"), 2, "no Ed25519 key"),
        (("pack.zip",), 2, "usage"),
        (("empty.zip", "public.pem"), 1, "no whole evidence pack"),
    ):
        done = run(alone, *arguments)
        assert done.returncode == code, done
        assert words in done.stdout + done.stderr
        assert "Traceback" not in done.stderr


def test_openssl_verifies_the_signature_too(alone: Path, made: Made) -> None:
    for name, content in packing.read(made.content).items():
        (alone / Path(name).name).write_bytes(content)
    command = "openssl pkeyutl -verify -pubin -inkey public.pem -rawin -in manifest.json -sigfile manifest.json.sig"
    done = subprocess.run(command.split(), cwd=alone, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, "Verified Successfully" in done.stdout) == (0, True), done
