#!/usr/bin/env python3
"""Verifies an evidence pack: python3 verify_evidence.py PACK.zip public.pem

Needs this one file, Python 3.10 or newer and its package `cryptography`. Get the file and the public key from somebody
you trust, and not from whoever gave you the pack.

Exit code 0: valid. 1: invalid; each line says which file or audit entry is not as it was. 2: it could not be verified
(no such file, no usable key). Nothing is unpacked, and every byte is accounted for: a pack is a ZIP file written in one
fixed way.
"""

from __future__ import annotations

import hashlib
import json
import mmap
import re
import struct
import sys
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

try:
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
except ImportError:
    sys.stderr.write("cannot verify: this needs Python's package cryptography (apt install python3-cryptography)\n")
    sys.exit(2)

FORMAT = "carwash-evidence/1"
MANIFEST, SIGNATURE = "manifest.json", "manifest.json.sig"
ENTRIES, HASHES = "audit/entries.jsonl", "audit/hashes.txt"
MOST_TOLD = 20
CHUNK_BYTES = 1024 * 1024
NAME = re.compile(r"(?:[a-z]+/)?[A-Za-z-]+(?:\.[a-z]+)+")

# A local header, a directory entry and the end of the directory, as APPNOTE.TXT of the ZIP format has them.
LOCAL = struct.Struct("<4s5H3I2H")
DIRECTORY = struct.Struct("<4s6H3I5H2I")
END = struct.Struct("<4s4H2IH")
VERSION, UNIX_VERSION, DATE, MODE = 20, 20 | 3 << 8, 0x0021, 0o100644 << 16


@dataclass(frozen=True)
class Member:
    """A file in the pack: where its header stands, and where its content lies."""

    name: str
    header: int
    start: int
    end: int
    crc: int


class Pack:
    """The bytes of a pack, taken apart. `faults` are bytes that are not as a pack has them."""

    def __init__(self, content: bytes | mmap.mmap) -> None:
        self.content = content
        self.members: dict[str, Member] = {}
        self.faults: list[str] = []
        offset = 0
        while (member := self._member(offset)) is not None:
            self.members[member.name] = member
            offset = member.end
        self._check_directory(offset)

    def read(self, name: str) -> bytes:
        return bytes(self.content[self.members[name].start : self.members[name].end])

    def sha256(self, name: str) -> str:
        """Also compares the content with the checksum in its header."""
        member, digest, crc = self.members[name], hashlib.sha256(), 0
        for start in range(member.start, member.end, CHUNK_BYTES):
            chunk = self.content[start : min(start + CHUNK_BYTES, member.end)]
            digest.update(chunk)
            crc = zlib.crc32(chunk, crc)
        if crc != member.crc:
            self.faults.append(f"{name}: its content does not match the checksum (CRC-32) in its header")
        return digest.hexdigest()

    def lines(self, name: str) -> Iterator[bytes]:
        """Without their line ends."""
        start, last = self.members[name].start, self.members[name].end
        while start < last:
            end = self.content.find(b"\n", start, last)
            end = last if end < 0 else end
            yield bytes(self.content[start:end])
            start = end + 1

    def _member(self, offset: int) -> Member | None:
        """The file whose header stands there; None where none does."""
        header = bytes(self.content[offset : offset + LOCAL.size])
        if len(header) < LOCAL.size or not header.startswith(b"PK\x03\x04"):
            return None
        *_, crc, size, _size, name_size, _extra = LOCAL.unpack(header)
        start = offset + LOCAL.size + name_size
        name = bytes(self.content[offset + LOCAL.size : start]).decode("ascii", "replace")
        expected = LOCAL.pack(b"PK\x03\x04", VERSION, 0, 0, 0, DATE, crc, size, size, name_size, 0)
        if not NAME.fullmatch(name) or name in self.members:
            self.faults.append(f"byte {offset}: a file named {name[:80]!r} has no place there")
        elif start + size > len(self.content):
            self.faults.append(f"{name}: the pack ends in the middle of it")
        else:
            if header != expected:
                self.faults.append(f"{name}: in its header, {_difference(header, expected, offset)}")
            return Member(name, offset, start, start + size, crc)
        return None

    def _check_directory(self, offset: int) -> None:
        """What follows the files is determined by them, to the byte."""
        expected = b"".join(
            DIRECTORY.pack(
                b"PK\x01\x02", UNIX_VERSION, VERSION, 0, 0, 0, DATE, file.crc, file.end - file.start,
                file.end - file.start, len(file.name), 0, 0, 0, 0, MODE, file.header,
            ) + file.name.encode()
            for file in self.members.values()
        )  # fmt: skip
        count = len(self.members)
        expected += END.pack(b"PK\x05\x06", 0, 0, count, count, len(expected), offset, 0)
        found = bytes(self.content[offset:])
        if found != expected:
            where = _difference(found, expected, offset)
            self.faults.append(f"the directory, or a file's header, behind the first {count} files: {where}")


def verify(content: bytes | mmap.mmap, key: Ed25519PublicKey) -> tuple[list[str], dict[str, Any]]:
    """What is wrong with the pack, nothing if it is valid; and its manifest, as far as it can be read."""
    pack = Pack(content)
    if not {MANIFEST, SIGNATURE} <= set(pack.members):
        return [*pack.faults, f"{MANIFEST} or {SIGNATURE} cannot be found: this is no whole evidence pack"], {}
    findings: list[str] = []
    for name in (MANIFEST, SIGNATURE):
        pack.sha256(name)  # for its checksum
    try:
        key.verify(pack.read(SIGNATURE), pack.read(MANIFEST))
    except InvalidSignature:
        findings.append(
            f"{SIGNATURE}: this key did not sign this {MANIFEST}: either was changed, or another key signed it"
        )
    try:
        manifest = _manifest(pack.read(MANIFEST))
    except (ValueError, RecursionError) as error:
        return [*pack.faults, *findings, f"{MANIFEST}: it is no manifest of a pack: {error}"], {}
    if manifest.get("signing_key_sha256") != fingerprint(key):
        findings.append(f"{MANIFEST}: it names another key than the one given, which is {fingerprint(key)}")
    altered = _altered_files(pack, manifest)
    findings += [f"{name}: {fault}" for name, fault in altered.items()]
    if ENTRIES in pack.members:
        findings += _follow(pack, manifest["audit"], HASHES not in altered)
    return pack.faults + findings, manifest


def _manifest(text: bytes) -> dict[str, Any]:
    """Raises ValueError for what is none."""
    manifest = json.loads(text)
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise ValueError(f"its format is not {FORMAT}")
    files, audit = manifest.get("files"), manifest.get("audit")
    whole = isinstance(files, list) and all(isinstance(file, dict) and "name" in file for file in files)
    if not whole or not isinstance(audit, dict) or not isinstance(audit.get("first_sequence"), int | None):
        raise ValueError("it lists no files, or no place of the audit entries in their chain")
    return manifest


def _altered_files(pack: Pack, manifest: dict[str, Any]) -> dict[str, str]:
    """By name, what is wrong with each file that is not as the manifest has it."""
    altered: dict[str, str] = {}
    listed = {str(file["name"]): file for file in manifest["files"]}
    for name, file in listed.items():
        if name not in pack.members:
            altered[name] = "it is missing"
        elif pack.sha256(name) != file.get("sha256"):
            altered[name] = f"it was changed: its SHA-256 is not the one in {MANIFEST}"
    added = [name for name in pack.members if name not in {MANIFEST, SIGNATURE, *listed}]
    return altered | dict.fromkeys(added, f"it was added: {MANIFEST} does not list it")


def _follow(pack: Pack, audit: dict[str, Any], hashes_are_whole: bool) -> list[str]:
    """Follow the chain of audit entries."""
    recorded = pack.lines(HASHES) if HASHES in pack.members else ()
    known = [re.fullmatch(rb"(\d{1,18}) ([0-9a-f]{64})", line) for line in recorded]
    hashes = {int(found[1]): found[2].decode() for found in known if found}
    chain = Chain(audit, hashes, hashes_are_whole)
    for number, line in enumerate(pack.lines(ENTRIES), start=1):
        chain.add(number, line)
    chain.end()
    more = [f"and {len(chain.findings) - MOST_TOLD} more"] if len(chain.findings) > MOST_TOLD else []
    return [f"{ENTRIES}: {finding}" for finding in chain.findings[:MOST_TOLD] + more]


class Chain:
    """Where the chain stands behind the last line. After a broken entry, what was recorded of it goes on."""

    def __init__(self, audit: dict[str, Any], hashes: dict[int, str], hashes_are_whole: bool) -> None:
        self.findings: list[str] = []
        self._audit, self._hashes, self._hashes_are_whole = audit, hashes, hashes_are_whole
        self._next, self._hash, self._lines = audit["first_sequence"] or 1, audit.get("hash_before_first"), 0

    def add(self, number: int, line: bytes) -> None:
        """The line should be the next entry."""
        self._lines, sequence, digest = number, self._next, None
        try:
            entry = json.loads(line)
            digest = hashlib.sha256(_canonical({name: entry[name] for name in entry if name != "hash"})).hexdigest()
            fault = self._fault(entry, line, sequence, digest)
            sequence = int(entry["sequence"]) if digest == entry["hash"] else sequence
        except (ValueError, TypeError, KeyError, RecursionError):
            fault = "it cannot be read any more: it was changed"
        if fault:
            self.findings.append(f"entry {self._next} (line {number}): {fault}")
        self._hash = self._hashes.get(sequence, digest) if self._hashes_are_whole else digest
        self._next = sequence + 1

    def end(self) -> None:
        if self._lines != self._audit.get("entries"):
            self.findings.append(f"there are {self._lines} entries, and should be {self._audit.get('entries')}")
        elif self._lines and self._hash != self._audit.get("hash_of_last"):
            self.findings.append(f"entry {self._next - 1}, the last, is not the one {MANIFEST} names")

    def _fault(self, entry: dict[str, Any], line: bytes, sequence: int, digest: str) -> str:
        recorded = self._hashes.get(sequence)
        if digest != entry["hash"]:
            whole = digest == recorded
            return "its hash was changed" if whole else "it was changed: its content does not match its hash"
        if entry["sequence"] != sequence:
            return f"it is missing, or was moved: entry {entry['sequence']} stands in its place"
        if self._hashes_are_whole and digest != recorded:
            return f"it was rewritten: its hash fits, but is not the one in {HASHES}"
        if entry["previous_hash"] != (self._hash or entry["previous_hash"]):
            return f"it does not follow entry {sequence - 1}: one of the two was replaced"
        if entry["chain"] != self._audit.get("chain"):
            return f"it belongs to another chain, {entry['chain']}"
        return "" if line == _canonical(entry) else "it was changed: it is not written as it was"


def _canonical(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def _difference(found: bytes, expected: bytes, offset: int) -> str:
    """Where two stretches of bytes, the first of them at `offset`, part."""
    for at, (one, other) in enumerate(zip(found, expected, strict=False), start=offset):
        if one != other:
            return f"byte {at} was changed"
    kind = "bytes are missing" if len(found) < len(expected) else "there are bytes too many"
    return f"{kind} from byte {offset + min(len(found), len(expected))} on"


def fingerprint(key: Ed25519PublicKey) -> str:
    """SHA-256 of the key (SubjectPublicKeyInfo in DER)."""
    form = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(key.public_bytes(*form)).hexdigest()


def load_key(path: Path) -> Ed25519PublicKey:
    """Raises ValueError for what is no such key, OSError."""
    try:
        key = serialization.load_pem_public_key(path.read_bytes())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ValueError(f"{path} is no public key (PEM)") from error
    if not isinstance(key, Ed25519PublicKey):
        raise ValueError(f"{path} is no Ed25519 key, and packs are signed with one")
    return key


def main(arguments: list[str]) -> int:
    if len(arguments) != 2:
        sys.stderr.write("usage: verify_evidence.py PACK.zip public.pem\n")
        return 2
    path = Path(arguments[0])
    try:
        key = load_key(Path(arguments[1]))
        with path.open("rb") as file:
            content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if path.stat().st_size else b""
            findings, manifest = verify(content, key)
    except (ValueError, OSError) as error:
        sys.stderr.write(f"cannot verify: {error}\n")
        return 2
    if findings:
        sys.stdout.write("\n- ".join([f"INVALID: {path}", *findings]) + "\n")
        return 1
    audit = manifest["audit"]
    sys.stdout.write(
        f"valid: {path}\n  tenant {manifest['tenant']}, from {manifest['from']} until before {manifest['to']}\n"
        f"  made {manifest['made_at']} by {manifest['made_by']}, with {manifest['software']}\n"
        f"  signed with the key {manifest['signing_key_sha256']}\n"
        f"  {len(manifest['files'])} files, {audit['entries']} audit entries of the chain {audit['chain']}\n"
        f"  the chain's head was {audit['head']['sequence']}:{audit['head']['hash']}\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
