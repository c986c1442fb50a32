"""Which playbooks were run: the commit of their checkout, and what lies there beside it."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

GIT_SECONDS = 20
DIGEST_CHARACTERS = 12
PARTS = ("ansible.cfg", "playbooks", "roles", "plugins", "group_vars", "host_vars", "inventory")
"""What a run reads of a checkout."""


def revision(repository: Path) -> str:
    """`<commit>`; `<commit>+<digest>` where files differ from it; `files+<digest>` where it is no checkout.

    The digest is over the content of what differs (without git: of everything a run reads), so that two runs with the
    same revision ran the same playbooks.
    """
    commit = _git(repository, "rev-parse", "HEAD")
    if commit is None:
        return f"files+{_digest(repository, _files(repository))}"
    changed = _git(repository, "ls-files", "-z", "--modified", "--others", "--exclude-standard", "--", *PARTS) or ""
    staged = _git(repository, "diff", "-z", "--relative", "--name-only", "--cached", "--", *PARTS) or ""
    names = sorted({name for name in (changed + staged).split("\0") if name})
    if not names:
        return commit.strip()
    return f"{commit.strip()}+{_digest(repository, names)}"


def _git(repository: Path, *arguments: str) -> str | None:
    """What git says; None where this is no checkout, or there is no git."""
    # The worker's user need not own the checkout: it only reads it.
    command = ["git", "-c", f"safe.directory={repository}", "-C", str(repository), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=GIT_SECONDS, check=False)
    except FileNotFoundError:
        return None
    return done.stdout if done.returncode == 0 else None


def _files(repository: Path) -> Iterator[str]:
    for part in PARTS:
        path = repository / part
        found = sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]
        yield from (str(file.relative_to(repository)) for file in found if "__pycache__" not in file.parts)


def _digest(repository: Path, names: Iterator[str] | list[str]) -> str:
    digest = hashlib.sha256()
    for name in names:
        file = repository / name
        content = file.read_bytes() if file.is_file() else b""  # a deleted file differs too
        digest.update(f"{name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()[:DIGEST_CHARACTERS]
