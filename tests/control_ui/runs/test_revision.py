"""Which playbooks a run is of."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from control_ui.services.runs.revision import revision

COMMIT = re.compile(r"[0-9a-f]{40}")


def git(repository: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=Tests", "-c", "user.email=tests@example.test")
    done = subprocess.run(
        ["git", "-C", str(repository), *identity, *arguments], check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    (tmp_path / "playbooks").mkdir()
    (tmp_path / "playbooks" / "look.yml").write_text("look")
    (tmp_path / "README.md").write_text("read me")
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "--message", "First")
    return tmp_path


def test_of_a_clean_checkout_it_is_the_commit(checkout: Path) -> None:
    assert revision(checkout) == git(checkout, "rev-parse", "HEAD")


def test_what_differs_from_the_commit_is_told_apart_by_its_content(checkout: Path) -> None:
    playbook = checkout / "playbooks" / "look.yml"
    found = [revision(checkout)]
    for content in ("another look", "a third look"):
        playbook.write_text(content)
        found.append(revision(checkout))
    (checkout / "playbooks" / "new.yml").write_text("untracked")
    found.append(revision(checkout))
    git(checkout, "add", ".")
    playbook.write_text("look")
    found.append(revision(checkout))
    assert len(set(found)) == len(found)
    assert all(text.startswith(found[0]) for text in found)


def test_a_playbook_that_is_gone_is_a_difference(checkout: Path) -> None:
    before = revision(checkout)
    (checkout / "playbooks" / "look.yml").unlink()
    assert revision(checkout).startswith(f"{before}+")


def test_what_no_run_reads_is_no_difference(checkout: Path) -> None:
    before = revision(checkout)
    (checkout / "README.md").write_text("read me again")
    assert revision(checkout) == before


def test_without_git_it_is_a_digest_of_what_a_run_reads(tmp_path: Path) -> None:
    (tmp_path / "playbooks").mkdir()
    (tmp_path / "playbooks" / "look.yml").write_text("look")
    before = revision(tmp_path)
    assert re.fullmatch(r"files\+[0-9a-f]{12}", before)
    (tmp_path / "playbooks" / "look.yml").write_text("another look")
    assert revision(tmp_path) != before


def test_without_the_program_git_it_is_a_digest_too(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert revision(checkout).startswith("files+")
