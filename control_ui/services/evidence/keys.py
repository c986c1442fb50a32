"""The key that signs evidence packs: Ed25519, in a file that only the control plane's user can read."""

from __future__ import annotations

import hashlib
import os
import stat
from datetime import datetime
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from control_ui.models.scope import ScopedSession
from control_ui.services.actor import Actor
from control_ui.services.audit.trail import Subject, record
from control_ui.services.errors import ConflictError, UnavailableError

MAKE_ONE = "make one with `flask --app control_ui evidence keygen`"


def generate(session: ScopedSession, actor: Actor, path: Path, now: datetime) -> Ed25519PrivateKey:
    """Make a key. Raises ConflictError where there is one: it is never overwritten."""
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise ConflictError(
            f"there is a signing key already ({path}). Packs that it signed can be verified with its own public key"
            " only: keep that, move the file away, and make a new one"
        ) from error
    with os.fdopen(descriptor, "wb") as file:
        file.write(pem)
    subject = Subject("evidence key", fingerprint(key)[:16], path.name)
    after = {"fingerprint": fingerprint(key)}
    record(session, actor, "evidence_key.create", subject, tenant_id=None, after=after, at=now)
    session.commit()
    return key


def load(path: Path) -> Ed25519PrivateKey:
    """Raises UnavailableError, with what is wrong with the file and how to mend it."""
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        pem = path.read_bytes()
    except FileNotFoundError as error:
        raise UnavailableError(f"there is no key to sign evidence packs with: {MAKE_ONE}") from error
    except OSError as error:
        raise UnavailableError(f"the key that signs evidence packs cannot be read: {error.strerror}") from error
    if mode & 0o077:
        raise UnavailableError(
            f"the key that signs evidence packs can be read by others (its mode is {mode:04o}): whoever has a copy"
            f" can sign packs too. Move it away and {MAKE_ONE}, or, if nobody else can have read it,"
            f" chmod 600 {path.name}"
        )
    try:
        key = serialization.load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise UnavailableError(f"the key that signs evidence packs is damaged: restore it, or {MAKE_ONE}") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise UnavailableError(f"the key that signs evidence packs is not an Ed25519 key: {MAKE_ONE}")
    return key


def public_pem(key: Ed25519PrivateKey) -> str:
    """The public key, as whoever verifies a pack needs it."""
    return (
        key.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )


def fingerprint(key: Ed25519PrivateKey) -> str:
    """SHA-256 of the public key (its SubjectPublicKeyInfo in DER), by which people compare keys."""
    der = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(der).hexdigest()
