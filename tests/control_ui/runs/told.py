"""Events as Ansible would tell them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from control_ui.runner.artifacts import Journal
from control_ui.runner.events import Event
from tests.control_ui.conftest import NOW


class Told:
    """Events as Ansible would tell them, one after the other."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def __call__(self, kind: str, host: str | None = None, **values: Any) -> None:
        counter = len(self.events) + 1
        at = NOW + timedelta(seconds=counter)
        self.events.append(Event(counter, at, kind, f"uuid-{counter}", host=host, play="Change", **values))

    def task(self, host: str, task: str, outcome: str, **values: Any) -> None:
        self("runner_on_start", host, task=task)
        kind = "runner_on_ok" if outcome == "changed" else f"runner_on_{outcome}"
        self(kind, host, task=task, outcome=outcome, changed=outcome == "changed", **values)

    def stats(self, **kinds: dict[str, int]) -> None:
        names = ("ok", "changed", "failures", "dark", "skipped", "rescued", "ignored", "processed")
        self("playbook_on_stats", result={name: kinds.get(name, {}) for name in names})

    def leave(self, private_data_dir: Path) -> Path:
        """In the directory of a run, as its worker left them there."""
        private_data_dir.mkdir(parents=True)
        journal = Journal(private_data_dir)
        for event in self.events:
            journal.append(event)
        journal.close()
        return private_data_dir
