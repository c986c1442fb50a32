"""Packs for tests: a tenant's March, and what somebody could do to the file afterwards."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from control_ui.models.scope import Scope, ScopedSession, SessionFactory, open_session
from control_ui.services.actor import system
from control_ui.services.audit.trail import Subject, record
from control_ui.services.evidence import archive, export
from control_ui.services.reports.head import head, tenant_of
from tests.control_ui.reports import history
from tests.control_ui.reports.history import BEGIN, MARCH
from tools import verify_evidence

WANTED = export.Wanted("2026-03-01", "2026-03-31", "Quarterly audit", "0123abc")
LOCAL_HEADER_BYTES = 30
ENTRIES = 9
FIRST, LAST = 3, 8
"""The entries of March: the others are of February and April."""
Change = Callable[[dict[str, bytes]], None]


@dataclass(frozen=True)
class Made:
    """A pack, and the key that signed it."""

    content: bytes
    key: Ed25519PrivateKey

    def findings(self, content: bytes | None = None) -> list[str]:
        """What the verifier says of it, or of what somebody made of it."""
        findings, _ = verify_evidence.verify(self.content if content is None else content, self.key.public_key())
        return findings

    def changed(self, change: Change, signed_by: Ed25519PrivateKey | None = None) -> bytes:
        """The pack, written anew in the one fixed way with other files in it; signed anew if a key is given."""
        files = read(self.content)
        change(files)
        if signed_by is not None:
            files[export.SIGNATURE] = signed_by.sign(files[export.MANIFEST])
        return write(files)


def populate(session: ScopedSession, slug: str = "ours") -> history.History:
    """The history of some runs, and nine audit entries, of which the 3rd to the 8th are of March."""
    made = history.make(session, slug)
    days = [-40, -30, 0, 1, 2, 3, 4, 5, 60]
    for number, day in enumerate(days, start=1):
        record(
            session,
            system("a test"),
            "device.update",
            Subject("device", number, f"pi-{number}"),
            tenant_id=made.tenant.id,
            reason=f"Grund {number}: überholt",
            before={"interval": number},
            after={"interval": number + 1, "url": "rtsp://viewer:hunter22@192.0.2.1/"},
            at=BEGIN + timedelta(days=day),
        )
    session.commit()
    return made


def make(sessions: SessionFactory, tenant_id: int, key: Ed25519PrivateKey) -> Made:
    destination = io.BytesIO()
    with open_session(sessions, Scope(tenant_id)) as session:
        above = head(tenant_of(session), MARCH, system("a test"), BEGIN + timedelta(days=30), {})
        export.build(session, above, WANTED, key, destination)
    return Made(destination.getvalue(), key)


def read(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        return {name: file.read(name) for name in file.namelist()}


def write(files: dict[str, bytes]) -> bytes:
    destination = io.BytesIO()
    with archive.Archive(destination) as file:
        for name, content in files.items():
            file.add(name, [content])
    return destination.getvalue()


def flip(content: bytes, position: int) -> bytes:
    """One bit of one byte changed."""
    return content[:position] + bytes([content[position] ^ 1]) + content[position + 1 :]


def position(content: bytes, name: str, text: bytes = b"") -> int:
    """Where a text stands in a file of the pack, or where that file's content begins."""
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        start = file.getinfo(name).header_offset + LOCAL_HEADER_BYTES + len(name)
    return content.index(text, start)
