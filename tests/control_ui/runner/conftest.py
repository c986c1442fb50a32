"""Runs of real playbooks on hosts that are this machine, from the project beside this file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from control_ui.runner.ansible import Outcome, run_playbook
from control_ui.runner.events import Event
from control_ui.runner.outcomes import HostResult, Outcomes
from control_ui.runner.request import PlaybookRequest

PROJECT = Path(__file__).with_name("project")
INVENTORY = PROJECT / "inventory" / "hosts.yml"


@dataclass
class Played:
    """A run that has ended."""

    request: PlaybookRequest
    outcome: Outcome
    events: list[Event]

    @property
    def results(self) -> dict[str, HostResult]:
        return fold(self.events)

    def of(self, kind: str, host: str | None = None) -> list[Event]:
        return [event for event in self.events if event.kind == kind and event.host == host]


MakeRequest = Callable[..., PlaybookRequest]
Play = Callable[..., Played]


def fold(events: list[Event]) -> dict[str, HostResult]:
    folded = Outcomes()
    for event in events:
        folded.add(event)
    return folded.results()


def a_request(private_data_dir: Path, playbook: str, *hosts: str, **options: Any) -> PlaybookRequest:
    given: dict[str, Any] = {"timeout_seconds": 120, "inventory": INVENTORY, "repository": PROJECT} | options
    return PlaybookRequest(private_data_dir=private_data_dir, playbook=playbook, hosts=hosts, **given)


def played(request: PlaybookRequest, cancelled: Callable[[list[Event]], bool] = lambda _: False) -> Played:
    """Runs it to its end; `cancelled` is asked with the events so far."""
    events: list[Event] = []
    outcome = run_playbook(request, events.append, lambda: cancelled(events))
    return Played(request, outcome, events)


@pytest.fixture
def make_request(tmp_path: Path) -> MakeRequest:
    """A request to run `playbook` on some hosts."""
    return lambda playbook, *hosts, **options: a_request(tmp_path / "run", playbook, *hosts, **options)


@pytest.fixture
def play(make_request: MakeRequest) -> Play:
    """Runs `playbook` on some hosts to its end."""

    def run(
        playbook: str, *hosts: str, cancelled: Callable[[list[Event]], bool] = lambda _: False, **options: Any
    ) -> Played:
        return played(make_request(playbook, *hosts, **options), cancelled)

    return run
