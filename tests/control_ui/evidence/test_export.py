"""What is in a pack, what is not, and that making one leaves its trace."""

from __future__ import annotations

import hashlib
import io
import json
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from control_ui.models import AuditEntry
from control_ui.models.scope import ALL_TENANTS, Scope, ScopedSession, SessionFactory, open_session
from control_ui.services.actor import system
from control_ui.services.audit import chain
from control_ui.services.errors import InvalidError, UnavailableError
from control_ui.services.evidence import archive, contents, export, keys
from tests.control_ui import factories
from tests.control_ui.audit import tampering
from tests.control_ui.conftest import NOW
from tests.control_ui.evidence import packing
from tests.control_ui.evidence.packing import FIRST, LAST, WANTED, Made
from tests.control_ui.reports.history import History
from tools import verify_evidence

KEY = Ed25519PrivateKey.generate()


@pytest.fixture
def history(session: ScopedSession) -> History:
    return packing.populate(session)


def files_of(sessions: SessionFactory, history: History) -> dict[str, bytes]:
    return packing.read(packing.make(sessions, history.tenant.id, KEY).content)


def rows(content: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in content.splitlines()]


def test_a_pack_from_either_database_is_valid(sessions: SessionFactory, history: History) -> None:
    assert packing.make(sessions, history.tenant.id, KEY).findings() == []


def test_the_same_content_moment_and_key_give_the_same_bytes(sessions: SessionFactory, history: History) -> None:
    first, second = (packing.make(sessions, history.tenant.id, KEY) for _ in range(2))
    assert first.content == second.content


def test_the_manifest_says_what_it_is_and_hashes_every_file(sessions: SessionFactory, history: History) -> None:
    files = files_of(sessions, history)
    manifest = json.loads(files.pop(export.MANIFEST))
    files.pop(export.SIGNATURE)
    assert {file["name"]: (file["sha256"], file["size_bytes"]) for file in manifest["files"]} == {
        name: (hashlib.sha256(content).hexdigest(), len(content)) for name, content in files.items()
    }
    assert manifest["signing_key_sha256"] == keys.fingerprint(KEY)
    assert (manifest["tenant"], manifest["from"], manifest["made_by"], manifest["software"], manifest["reason"]) == (
        "ours", "2026-03-01T06:00:00.000Z", "a test", "0123abc", "Quarterly audit",
    )  # fmt: skip


def test_the_entries_of_the_period_hang_in_their_chain(
    sessions: SessionFactory, session: ScopedSession, history: History
) -> None:
    files = files_of(sessions, history)
    audit = json.loads(files[export.MANIFEST])["audit"]
    hashes = {entry.sequence: entry.hash for entry in session.scalars(sa.select(AuditEntry))}
    assert audit == {
        "chain": f"tenant:{history.tenant.id}",
        "entries": LAST - FIRST + 1,
        "first_sequence": FIRST,
        "last_sequence": LAST,
        "hash_before_first": hashes[FIRST - 1],
        "hash_of_last": hashes[LAST],
        "head": {"sequence": packing.ENTRIES, "hash": hashes[packing.ENTRIES]},
    }
    entries = rows(files["audit/entries.jsonl"])
    assert [entry["sequence"] for entry in entries] == list(range(FIRST, LAST + 1))
    assert all(chain.entry_hash(entry) == entry["hash"] == hashes[entry["sequence"]] for entry in entries)


def test_entries_in_batches_are_all_there(
    sessions: SessionFactory, history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contents, "BATCH", 2)
    made = packing.make(sessions, history.tenant.id, KEY)
    assert made.findings() == []


def test_a_period_without_entries_is_valid_too(sessions: SessionFactory, session: ScopedSession) -> None:
    tenant = factories.tenant(session)
    session.commit()
    made = packing.make(sessions, tenant.id, KEY)
    assert made.findings() == []
    audit = json.loads(packing.read(made.content)[export.MANIFEST])["audit"]
    assert (audit["entries"], audit["first_sequence"], audit["head"]["hash"]) == (0, None, chain.GENESIS)


def test_an_entry_that_was_changed_in_the_database_is_named_by_the_verifier(
    sessions: SessionFactory, session: ScopedSession, history: History
) -> None:
    tampering.change(session, f"tenant:{history.tenant.id}", 5, "reason", "Nothing happened")
    findings = packing.make(sessions, history.tenant.id, KEY).findings()
    assert findings == [
        "audit/entries.jsonl: entry 5 (line 3): it was changed: its content does not match its hash",
    ]


def test_deployments_approvals_and_configurations_of_the_period_are_in_it(
    sessions: SessionFactory, history: History
) -> None:
    files = files_of(sessions, history)
    deployment, *devices = rows(files["deployments.jsonl"])
    assert (deployment["record"], deployment["id"], deployment["reason"]) == (
        "deployment",
        history.deployment.id,
        "Summer",
    )
    assert [(device["record"], device["device"], device["progress"]) for device in devices] == [
        ("device", "pi-east", "applied"),
        ("device", "pi-west", "applied"),
    ]
    (approval,) = rows(files["approvals.jsonl"])
    assert (approval["decision"], approval["decided_by"], approval["requested_by"]) == (
        "approved",
        "ben@ours.test",
        None,
    )
    versions = rows(files["config-versions.jsonl"])
    assert [(version["device"], version["number"]) for version in versions] == [
        ("pi-east", 1), ("pi-east", 2), ("pi-west", 1), ("pi-west", 2),
    ]  # fmt: skip
    assert all(len(version["content_sha256"]) == 64 for version in versions)
    assert "document" not in versions[0]


def test_no_secret_and_nothing_of_another_tenant_is_in_it(
    sessions: SessionFactory, session: ScopedSession, history: History
) -> None:
    packing.populate(session, "zebra")
    content = packing.make(sessions, history.tenant.id, KEY).content
    secrets = [b"hunter22", b"zebra"]
    with open_session(sessions, ALL_TENANTS) as everything:
        secrets += [str(device.camera_password).encode() for device in (history.east, history.west)]
        assert everything.scope == ALL_TENANTS
    assert [secret for secret in secrets if secret in content] == []


def _export(
    sessions: SessionFactory, history: History, key_file: Path, wanted: export.Wanted = WANTED
) -> tuple[export.Pack, bytes]:
    destination = io.BytesIO()
    with open_session(sessions, Scope(history.tenant.id)) as session:
        pack = export.export(session, system("a test"), wanted, key_file, destination, NOW)
    return pack, destination.getvalue()


@pytest.fixture
def key_file(session: ScopedSession, tmp_path: Path) -> Path:
    path = tmp_path / "keys" / "signing.pem"
    keys.generate(session, system("a test"), path, NOW)
    return path


def test_an_export_is_recorded_with_the_hash_of_its_manifest(
    sessions: SessionFactory, session: ScopedSession, history: History, key_file: Path
) -> None:
    pack, content = _export(sessions, history, key_file)
    manifest = packing.read(content)[export.MANIFEST]
    assert pack.manifest_sha256 == hashlib.sha256(manifest).hexdigest()
    assert pack.file_name == "evidence-ours-20260301T0000-20260401T0000.zip"
    entry = session.scalars(sa.select(AuditEntry).where(AuditEntry.action == "evidence.export")).one()
    assert (entry.tenant_id, entry.reason, entry.subject_name) == (history.tenant.id, WANTED.reason, pack.file_name)
    assert isinstance(entry.after, dict)
    assert entry.after["manifest_sha256"] == pack.manifest_sha256
    findings, _ = verify_evidence.verify(content, keys.load(key_file).public_key())
    assert findings == []


def test_what_cannot_be_made_leaves_no_trace(
    sessions: SessionFactory, session: ScopedSession, history: History, key_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(InvalidError, match="period"):
        _export(sessions, history, key_file, export.Wanted("2026-03-31", "2026-03-01", "", ""))
    with pytest.raises(UnavailableError, match="evidence keygen"):
        _export(sessions, history, key_file.with_name("none.pem"))
    monkeypatch.setattr(archive, "MOST_BYTES", 5000)
    with pytest.raises(InvalidError, match="shorter period"):
        _export(sessions, history, key_file)
    assert session.scalars(sa.select(AuditEntry).where(AuditEntry.action == "evidence.export")).all() == []


def test_a_pack_is_of_one_tenant(session: ScopedSession, history: History, key_file: Path) -> None:
    with pytest.raises(InvalidError, match="X-Tenant"):
        export.export(session, system("a test"), WANTED, key_file, io.BytesIO(), NOW)


def test_the_verifier_knows_the_form_that_is_written(made: Made) -> None:
    assert verify_evidence.FORMAT == export.FORMAT
    assert (verify_evidence.MANIFEST, verify_evidence.SIGNATURE) == (export.MANIFEST, export.SIGNATURE)
    assert {verify_evidence.ENTRIES, verify_evidence.HASHES} <= set(packing.read(made.content))
