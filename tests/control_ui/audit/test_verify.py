"""Whatever is done to the trail behind the guards' backs is found, and the first broken entry is named."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from control_ui.models import AuditEntry, AuditHead, AuditVerification
from control_ui.models.scope import Scope, ScopedSession, SessionFactory, open_session
from control_ui.services.actor import system
from control_ui.services.audit import verify
from control_ui.services.audit.chain import GENESIS, HASHED_FIELDS, entry_hash, moment
from control_ui.services.audit.trail import Subject, record
from control_ui.services.errors import InvalidError
from tests.control_ui import factories
from tests.control_ui.audit import tampering
from tests.control_ui.conftest import NOW

ENTRIES = 7


@pytest.fixture
def chain(session: ScopedSession) -> str:
    """The chain of a tenant, with seven entries; the platform's has one."""
    tenant = factories.tenant(session, "ours")
    other = factories.tenant(session, "theirs")
    append(session, tenant.id, ENTRIES)
    record(session, system("a test"), "tenant.create", Subject("tenant", other.id), tenant_id=None, at=NOW)
    session.commit()
    return f"tenant:{tenant.id}"


def append(session: ScopedSession, tenant_id: int | None, count: int) -> None:
    for number in range(count):
        record(
            session,
            system("a test"),
            "device.update",
            Subject("device", number, f"pi-{number}"),
            tenant_id=tenant_id,
            reason="Because",
            before={"interval": number, "nested": [1.5, None, "ü"]},
            after={"interval": number + 1},
            at=NOW + timedelta(seconds=number),
        )


def only(broken: list[verify.Broken]) -> verify.Broken:
    assert len(broken) == 1, broken
    return broken[0]


def test_whole_chains_are_whole(session: ScopedSession, chain: str) -> None:
    reports = {report.chain: report for report in verify.examine(session)}
    assert {name: (report.entries, report.broken) for name, report in reports.items()} == {
        chain: (ENTRIES, None),
        "platform": (1, None),
    }
    head = session.get_one(AuditHead, chain)
    assert reports[chain].hash == head.hash
    assert verify.verify(session) == []


def test_an_empty_trail_is_whole(session: ScopedSession) -> None:
    assert verify.verify(session) == []
    assert verify.verify(session, "platform") == [
        verify.Broken("platform", 0, None, "the chain's head is gone: nothing shows that this entry is the last")
    ]


CHANGES: dict[str, Any] = {
    "chain": None,  # moves it out of the chain: a missing entry, tested below
    "sequence": None,  # the same
    "at": "2026-03-04 05:06:07.000001",
    "actor_id": 1,
    "before": '{"interval": 3, "nested": [1.5, null, "u"]}',
    "after": '{"interval": 5}',
    "previous_hash": "f" * 64,
    "hash": "f" * 64,
}


def test_one_changed_value_in_any_field_names_the_entry(session: ScopedSession, chain: str) -> None:
    for column in (*HASHED_FIELDS, "hash", "tenant_id"):
        value = CHANGES.get(column, "x")
        if value is None:
            continue
        if column == "tenant_id":
            value = session.scalars(sa.text("SELECT id FROM tenants WHERE slug = 'theirs'")).one()
        before = tampering.change(session, chain, 4, column, value)
        broken = only(verify.verify(session))
        assert (broken.chain, broken.sequence, broken.entry_id is not None) == (chain, 4, True), column
        assert before != value
        tampering.change(session, chain, 4, column, before if not isinstance(before, dict) else _text(before))
        assert verify.verify(session) == [], column


def _text(value: dict[str, Any]) -> str:
    return str(value).replace("'", '"').replace("None", "null")


@pytest.mark.parametrize("column", ["at", "before", "reason"])
def test_a_value_that_cannot_even_be_read_names_the_entry(session: ScopedSession, chain: str, column: str) -> None:
    if session.get_bind().dialect.name == "postgresql":
        return  # it refuses such values itself
    value = b"\xff" if column == "reason" else "no such thing"
    tampering.execute(
        session,
        f"UPDATE audit_entries SET {column} = CAST(:value AS TEXT) WHERE sequence = 5",  # noqa: S608
        value=value,
    )
    broken = only(verify.verify(session))
    assert (broken.sequence, broken.entry_id is not None) == (5, True)
    assert "cannot be read" in broken.problem


def test_an_entry_removed_in_the_middle_is_missed(session: ScopedSession, chain: str) -> None:
    tampering.execute(session, "DELETE FROM audit_entries WHERE chain = :chain AND sequence = 3", chain=chain)
    broken = only(verify.verify(session))
    assert (broken.sequence, broken.entry_id) == (3, None)
    assert "is followed by one that is numbered 4" in broken.problem


def test_a_removed_first_entry_is_missed(session: ScopedSession, chain: str) -> None:
    tampering.execute(session, "DELETE FROM audit_entries WHERE chain = :chain AND sequence = 1", chain=chain)
    assert only(verify.verify(session)).sequence == 1


def test_a_tail_that_was_cut_off_is_missed(session: ScopedSession, chain: str) -> None:
    tampering.execute(session, "DELETE FROM audit_entries WHERE chain = :chain AND sequence > 5", chain=chain)
    broken = only(verify.verify(session))
    assert (broken.sequence, broken.entry_id) == (6, None)
    assert "the end was cut off" in broken.problem
    assert f"entry {ENTRIES} is the last" in broken.problem


def test_a_chain_of_which_only_the_head_is_left_is_missed(session: ScopedSession, chain: str) -> None:
    tampering.execute(session, "DELETE FROM audit_entries WHERE chain = :chain", chain=chain)
    assert only(verify.verify(session)).sequence == 1


def test_two_swapped_entries_are_found(session: ScopedSession, chain: str) -> None:
    for old, new in ((3, -3), (4, 3), (-3, 4)):
        tampering.change(session, chain, old, "sequence", new)
    broken = only(verify.verify(session))
    assert (broken.sequence, broken.entry_id is not None) == (3, True)


def test_an_entry_planted_before_the_first_or_behind_the_last_is_found(session: ScopedSession, chain: str) -> None:
    tampering.change(session, chain, ENTRIES, "sequence", -1)
    assert only(verify.verify(session)).sequence == 1
    tampering.change(session, chain, -1, "sequence", ENTRIES)
    fields = {name: getattr(_entry(session, chain, ENTRIES), name) for name in HASHED_FIELDS}
    fields |= {"sequence": ENTRIES + 1, "previous_hash": _entry(session, chain, ENTRIES).hash}
    digest = entry_hash(fields | {"at": moment(fields["at"])})
    session.add(AuditEntry(tenant_id=int(chain.partition(":")[2]), hash=digest, **fields))
    session.commit()
    broken = only(verify.verify(session))
    assert broken.sequence == ENTRIES + 1
    assert "entries were planted" in broken.problem


def test_an_entry_that_was_rewritten_with_a_hash_that_fits_breaks_at_the_next(
    session: ScopedSession, chain: str
) -> None:
    entry = _entry(session, chain, 2)
    fields = {name: getattr(entry, name) for name in HASHED_FIELDS} | {"reason": "Another", "at": moment(entry.at)}
    tampering.change(session, chain, 2, "reason", "Another")
    tampering.change(session, chain, 2, "hash", entry_hash(fields))
    broken = only(verify.verify(session))
    assert broken.sequence == 3
    assert "does not follow entry 2" in broken.problem


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("SET hash = 'ffff'", "carries another hash"),
        ("SET sequence = 6", "entry 6 is the last"),
        ("SET sequence = 8", "entry 8 is the last"),
        ("SET tenant_id = NULL", "filed under tenant None"),
    ],
)
def test_an_altered_head_is_found(session: ScopedSession, chain: str, change: str, words: str) -> None:
    session.execute(sa.text(f"UPDATE audit_heads {change} WHERE chain = :chain"), {"chain": chain})
    session.commit()
    assert words in only(verify.verify(session)).problem


def test_a_removed_head_is_found(session: ScopedSession, chain: str) -> None:
    session.execute(sa.text("DELETE FROM audit_heads WHERE chain = :chain"), {"chain": chain})
    session.commit()
    broken = only(verify.verify(session))
    assert (broken.sequence, broken.entry_id is not None) == (ENTRIES, True)


def test_a_chain_longer_than_a_batch_is_followed_to_its_end(
    session: ScopedSession, chain: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verify, "BATCH", 3)
    assert [(report.entries, report.broken) for report in verify.examine(session, chain)] == [(ENTRIES, None)]
    tampering.change(session, chain, 6, "reason", "Another")
    assert only(verify.verify(session, chain)).sequence == 6


def test_what_is_appended_meanwhile_is_no_break(
    session: ScopedSession, sessions: SessionFactory, chain: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another writer appends after the last batch was read and before the head is."""
    tenant_id = int(chain.partition(":")[2])
    read = verify._batch
    appended: list[int] = []

    def read_then_append(session: ScopedSession, *arguments: Any) -> Any:
        batch = read(session, *arguments)
        if not batch and not appended:
            appended.append(1)
            session.commit()
            with open_session(sessions, Scope(tenant_id)) as other:
                append(other, tenant_id, 2)
                other.commit()
        return batch

    monkeypatch.setattr(verify, "_batch", read_then_append)
    assert [(report.entries, report.broken) for report in verify.examine(session, chain)] == [(ENTRIES + 2, None)]


def test_a_tenant_follows_its_own_chain_only(sessions: SessionFactory, session: ScopedSession, chain: str) -> None:
    tampering.change(session, "platform", 1, "reason", "Another")
    with open_session(sessions, Scope(int(chain.partition(":")[2]))) as ours:
        assert [(report.chain, report.broken) for report in verify.examine(ours)] == [(chain, None)]


def test_what_a_check_found_is_kept_even_where_the_chain_could_take_no_entry(
    session: ScopedSession, chain: str
) -> None:
    verify.check(session, system("a test"), NOW)
    session.execute(sa.text("DELETE FROM audit_heads WHERE chain = :chain"), {"chain": chain})
    session.commit()
    verify.check(session, system("another"), NOW + timedelta(hours=1))
    kept = session.get_one(AuditVerification, chain, populate_existing=True)
    assert (kept.intact, kept.at, kept.verified_by) == (False, NOW + timedelta(hours=1), "another")
    assert f"entry {ENTRIES}" in kept.problem
    assert session.get_one(AuditVerification, "platform").intact


def test_an_anchor_shows_that_a_chain_was_rewritten_as_a_whole(session: ScopedSession, chain: str) -> None:
    then = _entry(session, chain, ENTRIES).hash
    assert verify.anchor(session, chain, ENTRIES, then) is None
    assert verify.anchor(session, chain, 0, GENESIS) is None
    rewritten = verify.anchor(session, chain, ENTRIES, "0" * 64)
    assert rewritten is not None
    assert "rewritten" in rewritten.problem
    gone = verify.anchor(session, chain, ENTRIES + 1, then)
    assert gone is not None
    assert gone.entry_id is None


def test_what_is_no_anchor_is_refused() -> None:
    for text in ("", "7", "7:", "7:abc", "x:" + "0" * 64, "-1:" + "0" * 64, "9" * 30 + ":" + "0" * 64):
        with pytest.raises(InvalidError, match="SEQUENCE:HASH"):
            verify.parse_anchor(text)


def _entry(session: ScopedSession, chain: str, sequence: int) -> AuditEntry:
    query = sa.select(AuditEntry).where(AuditEntry.chain == chain, AuditEntry.sequence == sequence)
    return session.scalars(query).one()
