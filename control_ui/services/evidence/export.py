"""Makes an evidence pack: everything of a tenant's period, a manifest with the hash of each file, and a signature over
the manifest.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from control_ui.models.scope import ScopedSession
from control_ui.services import rows
from control_ui.services.actor import Actor
from control_ui.services.audit.trail import Subject, record
from control_ui.services.evidence import contents, keys, records
from control_ui.services.evidence.archive import Archive
from control_ui.services.redaction import redact_text
from control_ui.services.reports import run_history, run_history_formats, sla, sla_formats
from control_ui.services.reports.head import Head, head, utc, zone_of
from control_ui.services.reports.period import parse

FORMAT = "carwash-evidence/1"
MANIFEST = "manifest.json"
SIGNATURE = "manifest.json.sig"
README = Path(__file__).with_name("README.txt")


@dataclass(frozen=True)
class Wanted:
    """What is asked for, as period.parse takes it; and the software that makes it."""

    start: str
    end: str
    reason: str
    revision: str


@dataclass(frozen=True)
class Pack:
    """What was made."""

    file_name: str
    manifest_sha256: str
    audit_entries: int


def export(
    session: ScopedSession,
    actor: Actor,
    wanted: Wanted,
    key_file: Path,
    destination: IO[bytes],
    now: datetime,
    tell: Callable[[str], None] | None = None,
) -> Pack:
    """Write the pack of the scope's tenant, and record that it was made. `tell` is given the name of each file as it
    begins. Raises InvalidError, UnavailableError."""
    tenant = rows.current_tenant(session)
    key = keys.load(key_file)
    above = head(tenant, parse(wanted.start, wanted.end, zone_of(tenant)), actor, now, {})
    pack = build(session, above, wanted, key, destination, tell)
    record(
        session,
        actor,
        "evidence.export",
        Subject("evidence", pack.manifest_sha256[:16], pack.file_name),
        tenant_id=tenant.id,
        reason=wanted.reason,
        after={
            "from": utc(above.period.start),
            "to": utc(above.period.end),
            "manifest_sha256": pack.manifest_sha256,
            "signed_by": keys.fingerprint(key),
        },
        at=now,
    )
    session.commit()
    return pack


def build(
    session: ScopedSession,
    above: Head,
    wanted: Wanted,
    key: Ed25519PrivateKey,
    destination: IO[bytes],
    tell: Callable[[str], None] | None = None,
) -> Pack:
    """The same state of the database, moment and key give the same bytes."""
    tenant = rows.current_tenant(session)
    found = contents.anchors(session, tenant.id, above.period)
    with Archive(destination) as archive:
        for name, pieces in _files(session, above, found):
            if tell is not None:
                tell(f"{len(archive.members)} files written, now {name}")
            archive.add(name, pieces)
        manifest = _manifest(above, wanted, found, key, archive)
        archive.add(MANIFEST, [manifest])
        archive.add(SIGNATURE, [key.sign(manifest)])
    first, last = (above.period.local(moment) for moment in (above.period.start, above.period.end))
    name = f"evidence-{tenant.slug}-{first:%Y%m%dT%H%M}-{last:%Y%m%dT%H%M}.zip"
    return Pack(name, hashlib.sha256(manifest).hexdigest(), found.entries)


def _files(session: ScopedSession, above: Head, found: contents.Anchors) -> Iterator[tuple[str, Iterable[bytes]]]:
    yield "README.txt", [README.read_bytes()]
    for form in ("csv", "json", "html"):
        runs = run_history.rows(session, above.period, run_history.Filters())
        yield f"run-history.{form}", _encoded(getattr(run_history_formats, f"as_{form}")(above, runs))
    measured = sla.report(session, rows.current_tenant(session), above.period, sla.Options(), above.made_at)
    for form in ("csv", "json", "html"):
        yield f"sla.{form}", _encoded(getattr(sla_formats, f"as_{form}")(above, measured))
    yield "deployments.jsonl", contents.lines(records.deployments(session, above.period))
    yield "approvals.jsonl", contents.lines(records.approvals(session, above.period))
    yield "config-versions.jsonl", contents.lines(records.config_versions(session, above.period))
    yield "audit/entries.jsonl", contents.audit_entries(session, found)
    yield "audit/hashes.txt", contents.audit_hashes(session, found)


def _manifest(above: Head, wanted: Wanted, found: contents.Anchors, key: Ed25519PrivateKey, archive: Archive) -> bytes:
    manifest: dict[str, Any] = {
        "format": FORMAT,
        "tenant": above.tenant,
        "tenant_name": above.tenant_name,
        "timezone": above.period.zone.key,
        "from": utc(above.period.start),
        "to": utc(above.period.end),
        "made_at": utc(above.made_at),
        "made_by": above.made_by,
        "reason": redact_text(wanted.reason),
        "software": wanted.revision,
        "signing_key_sha256": keys.fingerprint(key),
        "audit": found.document(),
        "files": [asdict(member) for member in archive.members],
    }
    return (json.dumps(manifest, indent=2) + "\n").encode()


def _encoded(pieces: Iterable[str]) -> Iterator[bytes]:
    return (piece.encode() for piece in pieces)
