"""The project's playbooks, run on virtual sites as an engineer would from the command line."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
LONGEST_RUN_SECONDS = 1800


def run_playbook(
    inventory: Path | Sequence[Path],
    playbook: str,
    *arguments: str,
    capture_output: bool = False,
    environment: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run `playbooks/<playbook>` on the hosts of an inventory, or of several, the last of which wins.

    The output passes through for a person to watch, or is captured; the caller judges the return code. `environment` is
    added to this process's. Raises TimeoutExpired after half an hour.
    """
    command = [str(Path(sys.executable).with_name("ansible-playbook"))]
    for source in [inventory] if isinstance(inventory, Path) else inventory:
        command += ["--inventory", str(source)]
    environment = os.environ | {"ANSIBLE_CONFIG": str(REPOSITORY / "ansible.cfg")} | dict(environment or {})
    if capture_output:
        environment["ANSIBLE_NOCOLOR"] = "1"
    return subprocess.run(
        [*command, str(REPOSITORY / "playbooks" / playbook), *arguments],
        cwd=REPOSITORY,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=capture_output,
        text=True,
        check=False,
        timeout=LONGEST_RUN_SECONDS,
    )
