"""What a run of a playbook is asked to do, checked before anything is started."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from control_ui.runner.ssh_keys import check_private_key

PLAYBOOK_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
# A line of a limit file is a pattern to Ansible: a name may hold nothing that means more than itself there.
HOST_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
NOT_HOSTS = frozenset({"all", "ungrouped"})


class RequestError(ValueError):
    """The request makes no sense, or cannot be carried out here; nothing was started. The sentence says what to do."""


@dataclass(frozen=True)
class PlaybookRequest:
    """One run of `repository/playbooks/<playbook>.yml` on exactly `hosts`.

    `extra_variables` are data: what looks like a template in them is never evaluated. `environment` is handed to
    Ansible's processes without touching a disk, and is masked in events. `private_data_dir` is this run's own; nothing
    else may have used it before.
    """

    repository: Path
    playbook: str
    inventory: Path
    hosts: tuple[str, ...]
    private_data_dir: Path
    timeout_seconds: float
    extra_variables: Mapping[str, Any] = field(default_factory=dict)
    check: bool = False
    diff: bool = False
    forks: int = 50
    ssh_key_file: Path | None = None
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def playbook_file(self) -> Path:
        return self.repository.resolve() / "playbooks" / f"{self.playbook}.yml"

    def verify(self) -> None:
        """Raises RequestError or KeyFileError with a sentence that says what is wrong."""
        if not PLAYBOOK_NAME.fullmatch(self.playbook) or not self.playbook_file.is_file():
            raise RequestError(f"there is no playbook {self.playbook!r} in {self.repository / 'playbooks'}")
        if not self.inventory.exists():
            raise RequestError(f"the inventory {self.inventory} does not exist")
        if self.forks < 1 or self.timeout_seconds <= 0:
            raise RequestError(
                f"forks ({self.forks}) must be at least 1 and timeout_seconds ({self.timeout_seconds}) positive"
            )
        self._verify_hosts()
        if self.ssh_key_file is not None:
            check_private_key(self.ssh_key_file)

    def _verify_hosts(self) -> None:
        if not self.hosts:
            raise RequestError("no hosts were named; an empty list would not mean none to Ansible, but all")
        wrong = sorted(host for host in self.hosts if host in NOT_HOSTS or not HOST_NAME.fullmatch(host))
        if wrong:
            raise RequestError(
                f"{wrong[0]!r} is not the name of a host: letters, digits, '.', '_' and '-' make one, but no pattern"
                + (f" ({len(wrong) - 1} more are wrong)" if len(wrong) > 1 else "")
            )
