"""Stands between a worker and ansible-playbook, so that nothing of a run outlives it, however the worker ends.

    supervisor.py CONTROL SCRATCH COMMAND [ARGUMENT ...]

CONTROL is a FIFO that the worker holds open for as long as it lives. Its first line is a JSON object of environment
variables for COMMAND, which by this way touch no disk and no command line; anything after that means "stop", and so
does its end, which comes when the worker is gone. COMMAND is then told to end (SIGTERM); what is left of it after
GRACE_SECONDS is killed. Whatever COMMAND leaves behind (Ansible's forks have sessions of their own, ssh's masters
detach themselves) becomes a child of this process, and is killed when COMMAND has ended. If the worker is gone, nobody
but this process can clear SCRATCH; what Ansible left of its events in SCRATCH/artifacts stays.

Standard library only, and little of it: it starts before every run.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import select
import signal
import subprocess
import sys
import time

GRACE_SECONDS = 3.0
REAP_SECONDS = 5.0
REAP_INTERVAL_SECONDS = 0.02
MOST_ENVIRONMENT_BYTES = 32 * 1024
ARTIFACTS = "artifacts"
# linux/prctl.h
PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36


def main(control_path: str, scratch: str, command: list[str]) -> int:
    """Run `command` to its end. Returns its exit status, 128 + n if signal n ended it."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    control = os.open(control_path, os.O_RDONLY | os.O_NONBLOCK)
    environment, _, stop = os.read(control, MOST_ENVIRONMENT_BYTES).partition(b"\n")
    if stop or not environment:
        return 128 + signal.SIGTERM
    try:
        child = subprocess.Popen(
            command,
            env=os.environ | json.loads(environment),
            # Whoever asks a question has nobody to ask: neither here nor at the terminal.
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            # Should this process be killed: Ansible ends its forks when it is asked to end, not when it is killed, too.
            preexec_fn=lambda: libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0),
        )
        status = supervise(child, control)
    finally:
        end_children()
        if worker_is_gone(control):
            clear(scratch)
    return status if status >= 0 else 128 - status


def supervise(child: subprocess.Popen[bytes], control: int) -> int:
    """Wait for `child`, and end it when it is time. Returns its status as subprocess gives it."""
    stop = False

    def on_signal(_number: int, _frame: object) -> None:
        nonlocal stop
        stop = True

    signal.signal(signal.SIGTERM, on_signal)
    poll = select.poll()
    poll.register(os.pidfd_open(child.pid), select.POLLIN)
    poll.register(control, select.POLLIN)
    while not stop and child.poll() is None:
        stop = any(descriptor == control for descriptor, _ in poll.poll(1000)) or stop
        reap_adopted(child.pid)
    if child.poll() is None:
        child.terminate()
        try:
            child.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
    return child.wait()


def worker_is_gone(control: int) -> bool:
    """Whether the other end is closed: reading gives what is left, then nothing; while it is open, it would block."""
    try:
        while os.read(control, MOST_ENVIRONMENT_BYTES):
            pass
    except BlockingIOError:
        return False
    return True


def reap_adopted(child: int) -> None:
    """Bury ssh masters that ended by themselves; there is one for every host, and a run may take hours."""
    for pid in children():
        if pid != child:
            os.waitpid(pid, os.WNOHANG)


def end_children() -> None:
    """Kill every descendant: the children of a killed one become ours, and are next."""
    deadline = time.monotonic() + REAP_SECONDS
    while time.monotonic() < deadline:
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return
        for pid in children():
            # A task that became another user on this very machine is not ours to kill.
            with contextlib.suppress(PermissionError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(REAP_INTERVAL_SECONDS)  # a waitpid that waits has no time limit, and this must come to an end


def children() -> list[int]:
    """Processes whose parent this one is."""
    with open(f"/proc/self/task/{os.getpid()}/children", encoding="ascii") as listed:  # noqa: PTH123  # pathlib is slow
        return [int(pid) for pid in listed.read().split()]


def clear(scratch: str) -> None:
    """Remove all but the events from the scratch directory."""
    from shutil import rmtree  # not needed in most runs, and not cheap to import

    for entry in os.scandir(scratch):
        if entry.name == ARTIFACTS:
            continue
        if entry.is_dir(follow_symlinks=False):
            rmtree(entry.path, ignore_errors=True)
        else:
            os.unlink(entry.path)  # noqa: PTH108  # pathlib is slow to import


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], sys.argv[3:]))
