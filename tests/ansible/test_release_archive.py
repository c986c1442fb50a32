"""A release is known by its content: the same files, the same archive, the same version."""

from __future__ import annotations

import os
import tarfile
from pathlib import Path

import pytest
from ansible.errors import AnsibleError

from plugins.lookup import pi_service_release


@pytest.fixture
def source(tmp_path: Path) -> Path:
    package = tmp_path / "source" / "pi_service"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text('__version__ = "1.2.3"\n')
    (package / "config.schema.json").write_text("{}")
    return package


def test_the_same_content_is_the_same_release_whatever_its_times_and_rights(source: Path) -> None:
    before = pi_service_release.pack(source)
    os.utime(source / "__init__.py", (1, 1))
    (source / "__init__.py").chmod(0o600)
    assert pi_service_release.pack(source) == before


def test_any_change_is_another_release(source: Path, tmp_path: Path) -> None:
    before = pi_service_release.build_release(source, tmp_path)["version"]
    (source / "config.schema.json").write_text("{ }")
    after = pi_service_release.build_release(source, tmp_path)["version"]
    assert before != after
    assert before.startswith("1.2.3-")
    assert len(before) == len("1.2.3-") + 12


def test_the_archive_holds_the_package_readable_by_all_and_owned_by_root(source: Path, tmp_path: Path) -> None:
    (source / "__pycache__").mkdir()
    (source / "__pycache__" / "x.pyc").write_bytes(b"x")
    with tarfile.open(pi_service_release.build_release(source, tmp_path)["archive"]) as archive:
        members = archive.getmembers()
    assert [member.name for member in members] == ["pi_service/__init__.py", "pi_service/config.schema.json"]
    assert {(member.uid, member.gid, member.mode) for member in members} == {(0, 0, 0o644)}


def test_a_directory_that_is_not_the_package_is_refused(tmp_path: Path) -> None:
    lookup = pi_service_release.LookupModule()
    with pytest.raises(AnsibleError, match="is not the pi_service package"):
        lookup.run([str(tmp_path)])
