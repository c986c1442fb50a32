"""The signing key: made once, read by its owner only, and a sentence for everything that can be wrong with it."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key

from control_ui.models import AuditEntry
from control_ui.models.scope import ScopedSession
from control_ui.services.actor import system
from control_ui.services.errors import ConflictError, UnavailableError
from control_ui.services.evidence import keys
from tests.control_ui.conftest import NOW


def test_a_key_is_made_for_its_owner_only_and_recorded(session: ScopedSession, tmp_path: Path) -> None:
    path = tmp_path / "not there yet" / "signing.pem"
    key = keys.generate(session, system("a test"), path, NOW)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert keys.fingerprint(keys.load(path)) == keys.fingerprint(key)
    entry = session.scalars(sa.select(AuditEntry)).one()
    assert (entry.action, entry.chain, entry.after) == (
        "evidence_key.create", "platform", {"fingerprint": keys.fingerprint(key)},
    )  # fmt: skip
    assert "PRIVATE" not in keys.public_pem(key)


def test_a_key_is_never_replaced(session: ScopedSession, tmp_path: Path) -> None:
    path = tmp_path / "signing.pem"
    keys.generate(session, system("a test"), path, NOW)
    before = path.read_bytes()
    with pytest.raises(ConflictError, match="move the file away"):
        keys.generate(session, system("a test"), path, NOW)
    assert path.read_bytes() == before
    assert len(session.scalars(sa.select(AuditEntry)).all()) == 1


def written(path: Path, content: bytes, mode: int = 0o600) -> Path:
    path.write_bytes(content)
    path.chmod(mode)
    return path


def test_a_key_that_cannot_be_used_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(UnavailableError, match="evidence keygen"):
        keys.load(tmp_path / "none.pem")
    with pytest.raises(UnavailableError, match="is damaged"):
        keys.load(written(tmp_path / "damaged.pem", b"-----BEGIN PRIVATE KEY-----\nx"))
    with pytest.raises(UnavailableError, match="can be read by others"):
        keys.load(written(tmp_path / "open.pem", b"", 0o640))
    with pytest.raises(UnavailableError, match="cannot be read"):
        keys.load(_directory(tmp_path / "directory"))
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    elliptic = generate_private_key(SECP256R1()).private_bytes(*form)
    with pytest.raises(UnavailableError, match="not an Ed25519 key"):
        keys.load(written(tmp_path / "other.pem", elliptic))


def _directory(path: Path) -> Path:
    path.mkdir(mode=0o700)
    return path
