"""A PostgreSQL and a Redis of our own, on free loopback ports, for as long as the tests run."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psycopg2
import redis

START_SECONDS = 30.0
MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108  # a database a test: thousands of files come and go


def free_port() -> int:
    """A loopback port nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    return port


def wait_until(answers: Callable[[], object], what: str, errors: tuple[type[Exception], ...]) -> None:
    """Return once `answers` no longer raises one of `errors`: a server sends no event when it is ready. Bounded."""
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            answers()
        except errors as error:
            if time.monotonic() > deadline:
                raise AssertionError(f"{what} did not come up within {START_SECONDS} s: {error}") from error
            time.sleep(0.05)
        else:
            return


class Postgres:
    """A cluster in a temporary directory, run by an unprivileged user (PostgreSQL refuses to run as root)."""

    def __init__(self) -> None:
        programs = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
        assert programs, "these tests need PostgreSQL: `make setup` installs it (apt-get install postgresql)"
        self._programs = programs[-1].parent
        self._directory = Path(tempfile.mkdtemp(prefix="carwash-postgres-", dir=MEMORY))
        self.port = free_port()
        self._user = "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
        if os.geteuid() == 0:
            shutil.chown(self._directory, self._user, self._user)
        self._run("initdb", "--auth=trust", "--username=postgres", "--no-sync", "--encoding=UTF8", "--locale=C.UTF-8")
        self.start()

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    def execute(self, statement: str) -> None:
        """Run one statement outside a transaction."""
        connection = psycopg2.connect(self.url())
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement)
        connection.close()

    def start(self) -> None:
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -k {self._directory} -c fsync=off"
        self._run("pg_ctl", "--wait", "--silent", f"--log={self._directory}/log", f"--options={options}", "start")
        wait_until(lambda: psycopg2.connect(self.url()).close(), "PostgreSQL", (psycopg2.OperationalError,))

    def kill(self) -> None:
        """As a crash would: SIGKILL to the postmaster; its children see it gone and end."""
        pid = int((self._directory / "data" / "postmaster.pid").read_text().splitlines()[0])
        os.kill(pid, 9)

    def stop(self) -> None:
        self._run("pg_ctl", "--mode=immediate", "--wait", "--silent", "stop", check=False)
        shutil.rmtree(self._directory)

    def _run(self, program: str, *arguments: str, check: bool = True) -> None:
        command = [str(self._programs / program), f"--pgdata={self._directory / 'data'}", *arguments]
        subprocess.run(
            command,
            user=self._user if os.geteuid() == 0 else None,
            cwd=self._directory,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            check=check,
            timeout=60,
        )


class Redis:
    """A Redis that keeps an append-only file, so that it can be killed and come back."""

    def __init__(self) -> None:
        self._directory = Path(tempfile.mkdtemp(prefix="carwash-redis-", dir=MEMORY))
        self.port = free_port()
        self.start()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        program = shutil.which("redis-server")
        assert program, "these tests need Redis: `make setup` installs it (apt-get install redis-server)"
        command = [program, "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self._directory)]
        self._process = subprocess.Popen(
            [*command, "--save", "", "--appendonly", "yes"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
        )
        client = redis.Redis.from_url(self.url)
        wait_until(client.ping, "Redis", (redis.ConnectionError, redis.exceptions.BusyLoadingError))
        client.close()

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        self.kill()
        shutil.rmtree(self._directory)
