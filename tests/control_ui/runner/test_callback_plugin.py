"""Our form of ansible-runner's callback plugin: the same class, without its wrapping of what shows nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from control_ui.runner import ansible
from tests.control_ui.runner.conftest import Play

PLUGIN = Path(ansible.__file__).with_name("callback_plugins") / "awx_display.py"
LOOK = """
import runpy, sys
from ansible.utils.display import Display
before = Display.debug, Display.verbose, Display.banner
plugin = runpy.run_path(sys.argv[1])
from ansible_runner.display_callback.callback import awx_display
assert plugin["CallbackModule"] is awx_display.CallbackModule
assert (Display.debug, Display.verbose) == before[:2], "still wrapped"
assert Display.banner is not before[2], "what ansible-runner needs is gone"
"""


def test_what_shows_nothing_is_not_wrapped_and_the_rest_is() -> None:
    # In a process of its own, because it changes Ansible's display for good.
    done = subprocess.run([sys.executable, "-c", LOOK, str(PLUGIN)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_run_uses_it(play: Play) -> None:
    run = play("show", "quick-1", extra_variables={"text": "{{ x }}"})
    assert run.of("runner_on_ok", "quick-1")
    assert not [event for event in run.events if "awx_display" in event.stdout]


def test_what_ansible_shows_when_it_is_talkative_are_events_still(play: Play) -> None:
    run = play("show", "quick-1", extra_variables={"text": "x"}, environment={"ANSIBLE_VERBOSITY": "2"})
    assert any(event.kind == "verbose" and "as config file" in event.stdout for event in run.events)
    assert run.of("runner_on_ok", "quick-1")
