"""Packs `pi_service/` of this repository into one release archive, the same bytes for the same content."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import re
import tarfile
from pathlib import Path
from typing import Any

import ansible.constants
from ansible.errors import AnsibleError
from ansible.plugins.lookup import LookupBase

DOCUMENTATION = r"""
name: pi_service_release
short_description: Pack the software for a Pi as one archive
version_added: "0.1.0"
description:
  - Packs a C(pi_service) directory as a gzipped tar archive with neither times nor owners in it.
  - The version is the package's own with the start of the archive's SHA-256, so that equal content is the same
    release everywhere.
  - The archive lies in Ansible's local temporary directory and goes away when the run ends.
options:
  _terms:
    description: The C(pi_service) directory.
    required: true
"""

EXAMPLES = r"""
- name: Show the release of this checkout
  ansible.builtin.debug:
    msg: "{{ lookup('pi_service_release', playbook_dir ~ '/../pi_service').version }}"
"""

RETURN = r"""
_list:
  description: One dictionary with C(version) and C(archive), a path on the controller.
  type: list
  elements: dict
"""


class LookupModule(LookupBase):  # type: ignore[misc]  # ansible is untyped
    def run(self, terms: list[str], variables: Any = None, **kwargs: Any) -> list[dict[str, str]]:
        source = Path(str(terms[0])).resolve()
        if not (source / "__init__.py").is_file():
            raise AnsibleError(f"{source} is not the pi_service package: it has no __init__.py")
        return [build_release(source, Path(ansible.constants.DEFAULT_LOCAL_TMP))]


def build_release(source: Path, directory: Path) -> dict[str, str]:
    """Pack `source` into `directory`. Returns its version and the archive's path."""
    content = pack(source)
    version = f"{_package_version(source)}-{hashlib.sha256(content).hexdigest()[:12]}"
    archive = directory / f"pi_service-{version}.tar.gz"
    beside = archive.with_suffix(f".{os.getpid()}")  # workers for other hosts may be reading or writing the same one
    beside.write_bytes(content)
    beside.replace(archive)
    return {"version": version, "archive": str(archive)}


def pack(source: Path) -> bytes:
    """A gzipped tar of the package's files, in the order of their names."""
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", mtime=0) as zipped, tarfile.open(fileobj=zipped, mode="w") as archive:
        for path in sorted(source.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                content = path.read_bytes()
                member = tarfile.TarInfo(f"{source.name}/{path.relative_to(source)}")
                member.size = len(content)
                member.mode = 0o644
                archive.addfile(member, io.BytesIO(content))
    return packed.getvalue()


def _package_version(source: Path) -> str:
    found = re.search(r'^__version__ = "([0-9a-z.]+)"$', (source / "__init__.py").read_text(encoding="utf-8"), re.M)
    if not found:
        raise AnsibleError(f'{source}/__init__.py has no line __version__ = "..."')
    return found[1]
