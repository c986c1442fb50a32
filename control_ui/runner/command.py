"""The command line and the environment of ansible-playbook in a run."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from control_ui.runner import supervisor
from control_ui.runner.request import PlaybookRequest, RequestError
from control_ui.runner.workspace import Workspace

# Of a worker's environment, which holds the control plane's own secrets, Ansible and ssh may have this much.
_INHERITED = (
    *("PATH", "HOME", "USER", "LOGNAME", "TZ", "TMPDIR", "SSH_AUTH_SOCK", "SSL_CERT_FILE"),
    *("ANSIBLE_VAULT_PASSWORD_FILE", "ANSIBLE_VAULT_IDENTITY_LIST"),
)


def command(request: PlaybookRequest, space: Workspace) -> list[str]:
    """ansible-playbook under its supervisor. Raises RequestError where it is not installed."""
    ansible_playbook = Path(sys.executable).with_name("ansible-playbook")
    if not ansible_playbook.is_file():
        raise RequestError(f"{ansible_playbook} does not exist; install ansible-core beside this Python")
    return [
        *(sys.executable, "-I", "-S", supervisor.__file__, str(space.control_file), str(space.scratch)),
        *(str(ansible_playbook), "--inventory", str(request.inventory.absolute())),
        *("--limit", f"@{space.limit_file}", "--extra-vars", f"@{space.variables_file}"),
        *("--forks", str(request.forks)),
        *(["--check"] if request.check else []),
        *(["--diff"] if request.diff else []),
        str(request.playbook_file),
    ]


def environment(request: PlaybookRequest, space: Workspace, added: Mapping[str, str]) -> dict[str, str]:
    """What the processes of a run see, but for `request.environment`; `added` is what ansible-runner needs."""
    chosen = {name: os.environ[name] for name in _INHERITED if name in os.environ} | dict(added)
    chosen |= {
        "LC_ALL": "C.UTF-8",
        "ANSIBLE_CONFIG": str(request.repository.resolve() / "ansible.cfg"),
        "ANSIBLE_CALLBACK_PLUGINS": str(Path(__file__).with_name("callback_plugins")),
        "ANSIBLE_HOST_KEY_CHECKING": "True",
        "ANSIBLE_NOCOLOR": "1",
        "ANSIBLE_LOCAL_TEMP": str(space.scratch / "tmp"),
        "ANSIBLE_SSH_CONTROL_PATH_DIR": str(space.sockets),
        "CARWASH_REPORTS_DIRECTORY": str(space.reports),
    }
    if request.ssh_key_file is not None:
        key = str(request.ssh_key_file.absolute())
        chosen |= {"ANSIBLE_PRIVATE_KEY_FILE": key, "CARWASH_SSH_KEY_FILE": key}
    return chosen
