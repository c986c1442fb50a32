"""What it costs to record a run: `run_playbook` beside bare `ansible-playbook`, 200 hosts over SSH on loopback."""

from __future__ import annotations

import getpass
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from bench.servers import free_port, wait_until_listening
from bench.table import markdown
from control_ui.runner.ansible import RunStatus, run_playbook
from control_ui.runner.artifacts import discard
from control_ui.runner.events import Event
from control_ui.runner.request import PlaybookRequest

REPOSITORY = Path(__file__).resolve().parents[1]
HOSTS = 200
TASKS = 3
FORKS = 50
ROUNDS = 5
LIMIT = 1.15
HOST_KEY_ALIAS = "bench"
SOCKETS = f"bare-{os.getpid()}-"

Recording = Callable[[PlaybookRequest], AbstractContextManager[Callable[[Event], None]]]
"""Entered before a run; gives what is called with every event. Leaving it is timed, too: it waits until all is kept."""

SSHD = """
Port {port}
ListenAddress 0.0.0.0
HostKey {directory}/host_key
AuthorizedKeysFile {directory}/client_key.pub
PidFile none
UsePAM no
StrictModes no
PasswordAuthentication no
PermitRootLogin prohibit-password
MaxStartups 1000
MaxSessions 100
LogLevel ERROR
PrintMotd no
# A login shell that reads somebody's start-up files would be measured with the rest.
SetEnv HOME={directory}/home
"""


@dataclass(frozen=True)
class Cost:
    """Seconds on the wall and on the processors."""

    wall: float
    cpu: float


@dataclass(frozen=True)
class Fleet:
    """Hosts that are one sshd behind many loopback addresses, and a project with a playbook for them."""

    directory: Path

    @property
    def inventory(self) -> Path:
        return self.directory / "hosts.json"

    @property
    def hosts(self) -> tuple[str, ...]:
        return tuple(f"site-{number:03}" for number in range(HOSTS))


@contextmanager
def in_memory(_request: PlaybookRequest) -> Iterator[Callable[[Event], None]]:
    """The cheapest recording there is: what remains is what run_playbook itself costs."""
    yield list[Event]().append


def run(recording: Recording = in_memory) -> str:
    """A table of both, taking turns."""
    rounds: list[tuple[Cost, Cost]] = []
    with loopback_fleet() as fleet:
        for number in range(ROUNDS + 1):
            plain = measured(lambda: bare(fleet))
            end_masters()
            costs = plain, measured(lambda: recorded(fleet, recording))
            if number:  # the first warms caches
                rounds.append(costs)
            print(f"    bare {costs[0].wall:.1f} s, recorded {costs[1].wall:.1f} s", file=sys.stderr, flush=True)
    wall, cpu = (statistics.median(getattr(b, of) / getattr(a, of) for a, b in rounds) for of in ("wall", "cpu"))
    rows = [
        (way, *(f"{statistics.median(getattr(costs[side], of) for costs in rounds):.1f}" for of in ("wall", "cpu")))
        for side, way in enumerate(("ansible-playbook", "run_playbook"))
    ]
    return markdown(
        "Recording a run",
        ["way", "wall s", "CPU-s of the controller", "ratio of wall", "ratio of CPU"],
        [(*rows[0], "1.00", "1.00"), (*rows[1], f"{wall:.2f}", f"{cpu:.2f}")],
        f"{HOSTS} hosts behind one loopback sshd, {TASKS} tasks of one command, {FORKS} forks, new connections each"
        f" time, taking turns; medians of {ROUNDS} rounds. Limit: ratio of wall at most {LIMIT}.",
    )


def measured(work: Callable[[], None]) -> Cost:
    """What it takes, this process and its children together."""
    started, before = time.monotonic(), sum(os.times()[:4])
    work()
    return Cost(time.monotonic() - started, sum(os.times()[:4]) - before)


def bare(fleet: Fleet) -> None:
    """ansible-playbook by itself, its output thrown away."""
    environment = os.environ | {
        "ANSIBLE_CONFIG": str(fleet.directory / "ansible.cfg"),
        "ANSIBLE_SSH_CONTROL_PATH_DIR": tempfile.mkdtemp(prefix=SOCKETS),
    }
    ansible_playbook = str(Path(sys.executable).with_name("ansible-playbook"))
    playbook = str(fleet.directory / "playbooks" / "look.yml")
    subprocess.run(
        [ansible_playbook, "--inventory", str(fleet.inventory), "--forks", str(FORKS), playbook],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        check=True,
    )


def recorded(fleet: Fleet, recording: Recording) -> None:
    """The same through the control plane's runner, until everything is recorded."""
    request = PlaybookRequest(
        repository=fleet.directory,
        playbook="look",
        inventory=fleet.inventory,
        hosts=fleet.hosts,
        private_data_dir=Path(tempfile.mkdtemp(dir=fleet.directory)),
        timeout_seconds=600,
        forks=FORKS,
    )
    with recording(request) as record:
        outcome = run_playbook(request, record, lambda: False)
    if outcome.status is not RunStatus.SUCCESSFUL:
        raise RuntimeError(f"the recorded run did not succeed: {outcome}")
    discard(request.private_data_dir)


def end_masters() -> None:
    """End the connections that ssh keeps open for two minutes, so that they are no burden to what comes next."""
    mine = f"{tempfile.gettempdir()}/{SOCKETS}"
    masters = [
        process for process in psutil.process_iter(["cmdline"]) if mine in " ".join(process.info["cmdline"] or [])
    ]
    for master in masters:
        master.terminate()
    psutil.wait_procs(masters, timeout=10)
    for directory in Path(tempfile.gettempdir()).glob(f"{SOCKETS}*"):
        shutil.rmtree(directory)


@contextmanager
def loopback_fleet() -> Iterator[Fleet]:
    """An sshd of our own, with keys of its own, for the user who runs this."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        directory, port = Path(name), free_port()
        for key in ("host_key", "client_key"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(directory / key)], check=True)
        (directory / "home").mkdir()
        (directory / "sshd_config").write_text(SSHD.format(directory=directory, port=port))
        if os.geteuid() == 0:
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # root's sshd insists on it
        write_project(directory, port)
        command = ["/usr/sbin/sshd", "-D", "-E", str(directory / "sshd.log"), "-f", str(directory / "sshd_config")]
        with subprocess.Popen(command) as sshd:
            try:
                wait_until_listening(port, sshd)
                yield Fleet(directory)
            finally:
                sshd.terminate()


def write_project(directory: Path, port: int) -> None:
    """A playbook of commands that cost nothing, and the inventory, beside this repository's settings."""
    for name in ("ansible.cfg", "plugins", "roles", "inventory"):
        (directory / name).symlink_to(REPOSITORY / name)
    tasks = [
        {"name": f"Look {number}", "ansible.builtin.raw": "echo here", "changed_when": False} for number in range(TASKS)
    ]
    play = [{"name": "Look", "hosts": "all", "gather_facts": False, "tasks": tasks}]
    (directory / "playbooks").mkdir()
    (directory / "playbooks" / "look.yml").write_text(json.dumps(play))
    key_type, key = (directory / "host_key.pub").read_text().split()[:2]
    (directory / "known_hosts").write_text(f"{HOST_KEY_ALIAS} {key_type} {key}\n")
    variables = {
        "ansible_port": port,
        "ansible_user": getpass.getuser(),
        "ansible_ssh_private_key_file": str(directory / "client_key"),
        "ansible_ssh_extra_args": "-o KexAlgorithms=curve25519-sha256",
        "ansible_ssh_common_args": f"-o HostKeyAlias={HOST_KEY_ALIAS} -o UserKnownHostsFile={directory}/known_hosts"
        " -o GlobalKnownHostsFile=/dev/null -o StrictHostKeyChecking=yes",
    }
    hosts = {
        name: {"ansible_host": f"127.1.{number // 250}.{number % 250 + 1}"}
        for number, name in enumerate(Fleet(directory).hosts)
    }
    (directory / "hosts.json").write_text(json.dumps({"all": {"hosts": hosts, "vars": variables}}))
