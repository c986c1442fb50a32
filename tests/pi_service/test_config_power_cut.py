"""`config apply` is killed before each thing it does to the disk, as a power cut would."""

from __future__ import annotations

import itertools
import json
import os
import signal
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pi_service.atomic_files import read_json
from pi_service.config_manager import ConfigManager, Outcome
from pi_service.paths import Paths

MOST_STEPS = 60
Document = dict[str, Any]


def run_and_die_before_step(step: int, act: Callable[[], object]) -> bool:
    """Run `act` in a process of its own that is killed before the given step. Whether it was killed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # newer Pythons warn of fork beside threads; we have none
        child = os.fork()
    if child == 0:
        _die_before(step)
        act()
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return True
    assert os.WEXITSTATUS(status) == 0
    return False


def _die_before(step: int) -> None:
    """Every call that changes a file or forces it to the disk is a step."""
    steps = itertools.count()

    def counted(call: Callable[..., Any]) -> Callable[..., Any]:
        def counting(*arguments: Any, **named: Any) -> Any:
            if next(steps) == step:
                os.kill(os.getpid(), signal.SIGKILL)
            return call(*arguments, **named)

        return counting

    Path.replace = counted(Path.replace)  # type: ignore[method-assign]  # in this doomed process only
    Path.unlink = counted(Path.unlink)  # type: ignore[method-assign]
    tempfile.mkstemp = counted(tempfile.mkstemp)
    for name in ("fdopen", "fchmod", "fsync"):
        setattr(os, name, counted(getattr(os, name)))


def fresh_start(paths: Paths, *documents: Document) -> None:
    """Nothing is there but these configurations, applied in turn."""
    for path in (paths.config, paths.previous_config, paths.last_good_config):
        path.unlink(missing_ok=True)
    for document in documents:
        assert ConfigManager(paths).apply(json.dumps(document).encode()).result == "applied"


@pytest.fixture
def versions(config_document: Document) -> list[Document]:
    """Three configurations, each newer than the one before."""
    return [config_document | {"version": number, "max_width": 640 + number} for number in (1, 2, 3)]


def test_a_power_cut_leaves_the_old_or_the_new_configuration_and_the_next_apply_works(
    paths: Paths, versions: list[Document]
) -> None:
    first, second, third = versions

    def apply() -> Outcome:
        return ConfigManager(paths).apply(json.dumps(third).encode())

    for step in range(MOST_STEPS):
        fresh_start(paths, first, second)

        killed = run_and_die_before_step(step, apply)

        assert read_json(paths.config) in (second, third), f"killed before step {step}"
        assert apply().result in ("applied", "unchanged"), f"after a kill before step {step}"
        assert read_json(paths.config) == third
        if not killed:
            break
    assert 15 < step < MOST_STEPS - 1


def test_a_power_cut_in_a_rollback_loses_neither_configuration(paths: Paths, versions: list[Document]) -> None:
    first, second, _ = versions

    def rollback() -> Outcome:
        return ConfigManager(paths).rollback()

    for step in range(MOST_STEPS):
        fresh_start(paths, first, second)

        killed = run_and_die_before_step(step, rollback)

        in_force = read_json(paths.config)
        kept = [read_json(path) for path in (paths.config, paths.previous_config, paths.last_good_config)]
        assert first in kept, f"killed before step {step}"
        assert second in kept, f"killed before step {step}"
        assert rollback().result == "applied", f"after a kill before step {step}"
        assert read_json(paths.config) == (second if in_force == first else first)
        if not killed:
            break
    assert 15 < step < MOST_STEPS - 1


def test_what_was_half_written_is_removed_by_the_next_change(paths: Paths, config_document: dict[str, Any]) -> None:
    leftover = paths.config.with_name(".config.json.previous.x1")
    leftover.write_text("rtsp://u:secret@camera/")

    assert ConfigManager(paths).apply(json.dumps(config_document).encode()).result == "applied"

    assert not leftover.exists()
