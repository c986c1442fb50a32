"""The events of a run on disk: written before anybody is told of them, read back when whoever was told has died.

`events.jsonl` in the private data directory has one event a line. `artifacts` leads to ansible-runner's directory, in
memory where possible; what Ansible left there and nobody took before the end is told, too. `discard` removes both.
"""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from control_ui.runner.events import Event, as_document, from_document, from_runner

JOURNAL = "events.jsonl"
ARTIFACTS = "artifacts"
IDENT = "run"
PARTIALS = f"{ARTIFACTS}/{IDENT}/job_events"
"""Where ansible-runner's callback leaves an event for whoever reads Ansible's output."""
MASK = "***"


class Journal:
    """Appends the events of one run to its journal. Raises FileExistsError where there is one already."""

    def __init__(self, private_data_dir: Path, secrets: Iterable[str] = ()) -> None:
        # Unbuffered: what was written is in the kernel's hands, and outlives this process.
        self._file = (private_data_dir / JOURNAL).open("xb", buffering=0)
        self._partials = private_data_dir / PARTIALS
        (private_data_dir / JOURNAL).chmod(0o600)
        self._secrets = [json.dumps(secret)[1:-1] for secret in secrets if secret]

    def append(self, event: Event) -> Event:
        """Write `event` down, with the secrets masked. Returns it as it was written."""
        line = json.dumps(as_document(event))
        if any(secret in line for secret in self._secrets):
            for secret in self._secrets:
                line = line.replace(secret, MASK)
            event = from_document(json.loads(line))
        self._file.write(f"{line}\n".encode())
        return event

    def forget_partial(self, event: Event) -> None:
        """Remove the file in which Ansible left the event, now that it is in the journal."""
        (self._partials / f"{event.uuid}-partial.json").unlink(missing_ok=True)

    def close(self) -> None:
        self._file.close()


def read_events(private_data_dir: Path) -> Iterator[Event]:
    """Every event that a run reported, in order, each with the counter and time it had when it was first told.

    Those that Ansible had written and nobody had taken come last; their share of the output is lost, and they are
    numbered on. A line or file that was cut off in the middle is left out. Nothing where there was no run.
    """
    counter, seen = 0, set()
    for event in _journaled(private_data_dir / JOURNAL):
        counter = event.counter
        seen.add(event.uuid)
        yield event
    untaken = (event for event in _partial(private_data_dir / PARTIALS) if event.uuid not in seen)
    for event in sorted(untaken, key=lambda event: event.created_at):
        counter += 1
        yield dataclasses.replace(event, counter=counter)


def discard(private_data_dir: Path) -> None:
    """Remove all that a run left behind, once its events are recorded."""
    artifacts = private_data_dir / ARTIFACTS
    if artifacts.is_symlink():
        shutil.rmtree(artifacts.readlink().parent, ignore_errors=True)  # gone already unless the worker died
    # Everything in it is recorded: what cannot be removed now costs space only, and the next start tries again.
    shutil.rmtree(private_data_dir, ignore_errors=True)


def _journaled(journal: Path) -> Iterator[Event]:
    if not journal.exists():
        return
    with journal.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            document = _parsed(line)
            if document is not None:
                yield from_document(document)


def _partial(directory: Path) -> Iterator[Event]:
    for path in directory.glob("*-partial.json"):
        document = _parsed(path.read_text(encoding="utf-8", errors="replace"))
        if document is not None:
            yield from_runner(document | {"counter": 0})


def _parsed(text: str) -> dict[str, Any] | None:
    """The JSON object in `text`; None for one that was cut off."""
    try:
        document: dict[str, Any] = json.loads(text)
    except ValueError:
        return None
    return document
