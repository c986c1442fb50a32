"""Reads an Ansible inventory as a playbook run would see it, through `ansible-inventory`, and decrypts what is in a
vault."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from control_ui.services.errors import InvalidError, UnavailableError
from control_ui.services.redaction import redact_text

SECONDS = 120
_VAULTED = "__ansible_vault"
_LONGEST_COMPLAINT = 1000
_LIMITED = 'ulimit -v 1000000 && ulimit -t 30 && ulimit -f 65536 && exec "$@"'
"""About 1 GB of memory, 30 s of a processor, 32 MB of a file: `x[1:99999999]` is a host pattern, too."""
_KEY = re.compile(r"[\w.'\"-]+:(\s|$)")


def read(inventory: Path, repository: Path, vault_password_files: Sequence[Path] = ()) -> dict[str, Any]:
    """What `ansible-inventory --list` prints.

    From the repository, for its ansible.cfg; with the playbooks' folder as base, for from any other it would load
    group_vars that no playbook run sees. Raises InvalidError with Ansible's own words, UnavailableError where Ansible
    is not there or does not come to an end.
    """
    if not inventory.exists():
        raise InvalidError(f"there is no inventory {inventory}")
    command = [_program(), "--inventory", str(inventory.resolve()), "--list"]
    command += ["--playbook-dir", str(repository / "playbooks")]
    for path in vault_password_files:
        command += ["--vault-password-file", str(path.resolve())]
    try:
        done = subprocess.run(command, cwd=repository, stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS)
    except subprocess.TimeoutExpired as error:
        raise UnavailableError(f"ansible-inventory did not end within {SECONDS} s") from error
    if done.returncode != 0:
        complaint = redact_text(done.stderr.decode(errors="replace").strip())[-_LONGEST_COMPLAINT:]
        hint = " (give --vault-password-file)" if "vault" in complaint.lower() and not vault_password_files else ""
        raise InvalidError(f"ansible-inventory cannot read {inventory}{hint}: {complaint or 'it says nothing'}")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def read_text(text: str) -> dict[str, Any]:
    """The same of an inventory that somebody sent, as INI or YAML, and whom nobody has to trust.

    Alone in a folder of its own, without the variables, plugins and settings of this checkout; by the two plugins that
    read plain data only, and within limits. Raises InvalidError, UnavailableError.
    """
    with tempfile.TemporaryDirectory(prefix="inventory-") as directory:
        folder = Path(directory)
        (folder / "ansible.cfg").touch()
        # Ansible goes by the end of the name, and takes anything but YAML without one.
        is_yaml = _is_yaml(text)
        hosts, listing = folder / ("hosts.yml" if is_yaml else "hosts"), folder / "listing.json"
        hosts.write_text(text, encoding="utf-8")
        command = ["/bin/sh", "-c", _LIMITED, "sh", _program(), "--inventory", str(hosts), "--list"]
        command += ["--output", str(listing)]
        environment = {"PATH": os.defpath, "HOME": directory, "ANSIBLE_HOME": directory, "LC_ALL": "C.UTF-8"}
        environment |= {"ANSIBLE_CONFIG": str(folder / "ansible.cfg"), "ANSIBLE_INVENTORY_ENABLED": "yaml,ini"}
        environment |= {"ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "1"}
        try:
            done = subprocess.run(
                command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS
            )
        except subprocess.TimeoutExpired as error:
            raise InvalidError(f"the inventory cannot be read within {SECONDS} s") from error
        if done.returncode != 0:
            raise InvalidError(_complaint(done, is_yaml, folder))
        found: dict[str, Any] = json.loads(listing.read_text(encoding="utf-8"))
        return found


def _is_yaml(text: str) -> bool:
    """By the first line that says something: `---`, `{` or `pis:`."""
    lines = (line for line in text.splitlines() if line.strip() and not line.lstrip().startswith(("#", ";")))
    first = next(lines, "")
    return first.startswith(("---", "{")) or _KEY.match(first) is not None


def _complaint(done: subprocess.CompletedProcess[bytes], is_yaml: bool, folder: Path) -> str:
    """What Ansible says, short, and without where it happened."""
    words = done.stderr.decode(errors="replace")
    if "MemoryError" in words or done.returncode < 0 or done.returncode > 128:
        return "the inventory is too large: import it in parts, or at the console"
    kind = "yaml" if is_yaml else "ini"
    about = words.partition(f"with '{kind}' plugin: ")[2].partition("\n")[0].replace(f"{folder}/", "")
    return f"Ansible cannot read this as {kind.upper()}: {redact_text(about)[:_LONGEST_COMPLAINT] or 'it says nothing'}"


class Vault:
    """Decrypts single values (`!vault` in a file), which `ansible-inventory --list` leaves encrypted."""

    def __init__(self, password_files: Sequence[Path]) -> None:
        self._password_files = password_files
        self._known: dict[str, str] = {}
        self._library: Any = None

    def open(self, value: Any) -> Any:
        """`value`, in clear where it was encrypted. Raises InvalidError where no password fits."""
        if not isinstance(value, dict) or _VAULTED not in value:
            return value
        if not self._password_files:
            raise InvalidError("is encrypted by ansible-vault: give --vault-password-file")
        encrypted = str(value[_VAULTED])
        if encrypted not in self._known:
            self._known[encrypted] = self._decrypted(encrypted)
        return self._known[encrypted]

    def _decrypted(self, encrypted: str) -> str:
        from ansible.errors import AnsibleError

        try:
            self._library = self._library or _vault_library(self._password_files)
            return str(self._library.decrypt(encrypted).decode())
        except (AnsibleError, UnicodeDecodeError) as error:
            raise InvalidError("is encrypted by ansible-vault, and the password given does not fit") from error


def _program() -> str:
    """The one that belongs to this Python, else the first on PATH."""
    beside = Path(sys.executable).with_name("ansible-inventory")
    found = str(beside) if beside.exists() else shutil.which("ansible-inventory")
    if found is None:
        raise UnavailableError("ansible-inventory is not installed: `make setup` installs it (ansible-core)")
    return found


def _vault_library(password_files: Sequence[Path]) -> Any:
    # Loading Ansible takes a while, and only an import with vaulted values needs it.
    from ansible.parsing.dataloader import DataLoader
    from ansible.parsing.vault import VaultLib, get_file_vault_secret

    secrets = []
    for path in password_files:
        secret = get_file_vault_secret(filename=str(path.resolve()), loader=DataLoader())
        secret.load()
        secrets.append(("default", secret))
    return VaultLib(secrets)
