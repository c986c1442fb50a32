"""A pack is valid as it was made, and after anything was done to it the verifier says what: never a traceback."""

from __future__ import annotations

import io
import json
import re
import zipfile
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from control_ui.services.audit.chain import entry_hash
from control_ui.settings import REPOSITORY
from tests.control_ui.evidence import packing
from tests.control_ui.evidence.packing import FIRST, LAST, Made
from tools import verify_evidence

VERIFIER = REPOSITORY / "tools" / "verify_evidence.py"
OTHER = Ed25519PrivateKey.generate()


def entries_of(files: dict[str, bytes]) -> list[bytes]:
    return files["audit/entries.jsonl"].splitlines(keepends=True)


def test_a_pack_is_valid_as_it_was_made(made: Made) -> None:
    assert made.findings() == []


def test_its_bytes_are_a_plain_zip_file_to_everybody_else(made: Made) -> None:
    with zipfile.ZipFile(io.BytesIO(made.content)) as file:
        assert file.testzip() is None
        assert file.namelist()[-2:] == ["manifest.json", "manifest.json.sig"]


def test_one_changed_byte_of_an_entry_names_the_file_and_the_entry(made: Made) -> None:
    files = packing.read(made.content)
    start = packing.position(made.content, "audit/entries.jsonl")
    for number, line in enumerate(entries_of(files)):
        for offset in range(0, len(line), 7):
            findings = made.findings(packing.flip(made.content, start + offset))
            text = "\n".join(findings)
            assert "audit/entries.jsonl: it was changed: its SHA-256" in text
            named = re.findall(r"audit/entries.jsonl: entry (\d+) ", text)
            assert named, f"byte {offset} of line {number + 1}: {findings}"
            assert int(named[0]) == FIRST + number, f"byte {offset} of line {number + 1}: {findings}"
        start += len(line)


def test_one_changed_byte_anywhere_in_the_pack_makes_it_invalid(made: Made) -> None:
    """Every byte of the ZIP file's own structure, and a sample of every file's content."""
    content, checked = made.content, 0
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        places = [(info.header_offset, 30 + len(info.filename), info.file_size) for info in file.infolist()]
        directory = file.start_dir
    positions = list(range(directory, len(content)))
    for offset, header_size, size in places:
        positions += range(offset, offset + header_size)
        positions += range(offset + header_size, offset + header_size + size, max(1, size // 25))
    for where in positions:
        findings = made.findings(packing.flip(content, where))
        checked += 1
        assert findings, f"byte {where} was changed and nobody noticed"
    assert checked > 1000


def test_a_changed_byte_of_a_report_names_the_report(made: Made) -> None:
    for name in packing.read(made.content):
        text = "\n".join(made.findings(packing.flip(made.content, packing.position(made.content, name))))
        assert name in text


def test_a_pack_cut_off_anywhere_is_invalid(made: Made) -> None:
    for size in [*range(0, len(made.content), len(made.content) // 60), len(made.content) - 1]:
        assert made.findings(made.content[:size]), size


def test_bytes_before_or_behind_a_pack_make_it_invalid(made: Made) -> None:
    for content in (b"x" + made.content, made.content + b"x", made.content + made.content):
        assert made.findings(content)


def test_what_is_no_pack_is_invalid(made: Made) -> None:
    for content in (b"", b"PK", b"PK\x03\x04" + b"\xff" * 40, b"x" * 5000, packing.write({"manifest.json": b"{}"})):
        assert "no whole evidence pack" in made.findings(content)[-1]


def test_a_removed_entry_is_missed_by_its_number(made: Made) -> None:
    def remove(files: dict[str, bytes]) -> None:
        lines = entries_of(files)
        files["audit/entries.jsonl"] = b"".join([*lines[:2], *lines[3:]])

    text = "\n".join(made.findings(made.changed(remove)))
    assert f"entry {FIRST + 2} (line 3): it is missing, or was moved: entry {FIRST + 3} stands in its place" in text
    assert "there are 5 entries, and should be 6" in text


def test_an_added_entry_is_noticed_even_where_its_hash_fits(made: Made) -> None:
    def add(files: dict[str, bytes]) -> None:
        lines = entries_of(files)
        last = json.loads(lines[-1])
        planted = last | {"sequence": LAST + 1, "previous_hash": last["hash"]}
        planted["hash"] = entry_hash(planted)
        files["audit/entries.jsonl"] += (json.dumps(planted, sort_keys=True, separators=(",", ":")) + "\n").encode()

    text = "\n".join(made.findings(made.changed(add)))
    assert f"entry {LAST + 1} (line 7): it was rewritten" in text


def test_two_swapped_entries_are_noticed(made: Made) -> None:
    def swap(files: dict[str, bytes]) -> None:
        lines = entries_of(files)
        files["audit/entries.jsonl"] = b"".join([lines[0], lines[2], lines[1], *lines[3:]])

    text = "\n".join(made.findings(made.changed(swap)))
    assert f"entry {FIRST + 1} (line 2): it is missing, or was moved" in text


def _rewrite(files: dict[str, bytes], *, from_entry: int) -> None:
    """Change an entry and work out every hash behind it anew."""
    lines, previous = [], None
    for line in entries_of(files):
        entry = json.loads(line)
        if entry["sequence"] == from_entry:
            entry["reason"] = "Nothing happened"
        if entry["sequence"] > from_entry:
            entry["previous_hash"] = previous
        if entry["sequence"] >= from_entry:
            entry["hash"] = previous = entry_hash(entry)
        lines.append(json.dumps(entry, sort_keys=True, separators=(",", ":")) + "\n")
    files["audit/entries.jsonl"] = "".join(lines).encode()


def test_a_chain_that_was_worked_out_anew_names_where_that_began(made: Made) -> None:
    text = "\n".join(made.findings(made.changed(lambda files: _rewrite(files, from_entry=FIRST + 2))))
    assert f"entry {FIRST + 2} (line 3): it was rewritten: its hash fits" in text
    assert f"entry {FIRST + 1} " not in text


def test_a_rewritten_chain_with_rewritten_hashes_does_not_end_where_the_manifest_says(made: Made) -> None:
    def rewrite(files: dict[str, bytes]) -> None:
        _rewrite(files, from_entry=FIRST + 2)
        entries = [json.loads(line) for line in entries_of(files)]
        files["audit/hashes.txt"] = "".join(f"{entry['sequence']} {entry['hash']}\n" for entry in entries).encode()

    text = "\n".join(made.findings(made.changed(rewrite)))
    assert "audit/hashes.txt: it was changed" in text
    assert f"entry {LAST}, the last, is not the one manifest.json names" in text


def test_files_that_were_added_removed_or_put_in_another_order_are_noticed(made: Made) -> None:
    added = made.findings(made.changed(lambda files: files.update({"extra.txt": b"x"})))
    assert "extra.txt: it was added" in "\n".join(added)
    for name in packing.read(made.content):
        removed = "\n".join(made.findings(made.changed(lambda files, name=name: files.pop(name))))  # type: ignore[misc]
        assert f"{name}: it is missing" in removed or "no whole evidence pack" in removed, name


def test_names_that_lead_elsewhere_have_no_place_in_a_pack(made: Made) -> None:
    for name in ("../evil.txt", "/etc/passwd", "a/../../b.txt", "C:\\evil.txt", "x" * 60_000, "\u00fc.txt"):
        findings = made.findings(made.changed(lambda files, name=name: files.update({name: b"x"})))  # type: ignore[misc]
        assert "has no place there" in "\n".join(findings), name[:20]


def test_a_compressed_file_is_not_blown_up(made: Made) -> None:
    destination = io.BytesIO()
    with zipfile.ZipFile(destination, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("README.txt", b"0" * 50_000_000)
    assert made.findings(destination.getvalue())


def test_another_keys_signature_is_told_from_a_changed_manifest(made: Made) -> None:
    resigned = made.changed(lambda files: None, signed_by=OTHER)
    text = "\n".join(made.findings(resigned))
    assert "this key did not sign this manifest.json" in text
    findings, _ = verify_evidence.verify(made.content, OTHER.public_key())
    assert "it names another key than the one given" in "\n".join(findings)
    swapped = made.changed(lambda files: files.update({"manifest.json.sig": made.key.sign(b"something else")}))
    assert len(made.findings(swapped)) == 1


def test_a_manifest_that_makes_no_sense_is_told(made: Made) -> None:
    """Signed by the right key, so that only its content is wrong."""
    manifests: list[Any] = [
        b"", b"[]", b"{", b"[" * 100_000, b'{"format": "carwash-evidence/2"}',
        b'{"format": "carwash-evidence/1"}', b'{"format": "carwash-evidence/1", "files": [1], "audit": {}}',
        b'{"format": "carwash-evidence/1", "files": [], "audit": {"first_sequence": "x"}}',
        b'{"format": "carwash-evidence/1", "files": [], "audit": 7}', b"\xff", b"9" * 5000,
    ]  # fmt: skip
    for manifest in manifests:
        content = made.changed(lambda files, text=manifest: files.update({"manifest.json": text}), signed_by=made.key)  # type: ignore[misc]
        assert "manifest.json: it is no manifest of a pack" in "\n".join(made.findings(content))


def test_lines_that_are_no_entries_are_told_by_their_place(made: Made) -> None:
    for line in (b"", b"null", b"[]", b"7", b'"x"', b"{}", b"[" * 100_000, b"\xff", b'{"sequence": {}}', b"9" * 5000):

        def replace(files: dict[str, bytes], line: bytes = line) -> None:
            files["audit/entries.jsonl"] = b"".join([line + b"\n", *entries_of(files)[1:]])

        text = "\n".join(made.findings(made.changed(replace)))
        assert f"entry {FIRST} (line 1): it" in text


def test_a_pack_without_its_hashes_still_names_the_broken_entry(made: Made) -> None:
    def change(files: dict[str, bytes]) -> None:
        del files["audit/hashes.txt"]
        files["audit/entries.jsonl"] = files["audit/entries.jsonl"].replace(b"Grund 5", b"Grund 6")

    text = "\n".join(made.findings(made.changed(change)))
    assert "entry 5 (line 3): it was changed: its content does not match its hash" in text


def test_only_the_first_broken_entries_are_listed(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verify_evidence, "MOST_TOLD", 2)

    def change(files: dict[str, bytes]) -> None:
        files["audit/entries.jsonl"] = files["audit/entries.jsonl"].replace(b"Grund", b"Bluff")

    told = [finding for finding in made.findings(made.changed(change)) if "entries.jsonl: entry" in finding]
    assert len(told) == 2
    assert "audit/entries.jsonl: and 4 more" in made.findings(made.changed(change))
