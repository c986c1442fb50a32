"""ansible-runner's callback plugin, but for what it wraps around lines that nobody is shown.

It notes the kind of whatever Ansible displays, by wrapping every method that displays. Two of them are called some
fifty times for a task on a host, nearly always to display nothing: 8 to 25 µs each time instead of 0.2, in Ansible's
main process and in its forks. They are put back; a line that they do show is an event of the kind `verbose` still.
"""

from __future__ import annotations

from ansible.utils.display import Display

DOCUMENTATION = """
name: awx_display
type: stdout
short_description: Tells ansible-runner of events
version_added: "0.1.0"
description:
  - Writes Ansible's events for ansible-runner, and the usual output.
extends_documentation_fragment:
  - default_callback
requirements:
  - Set as stdout callback, by ansible-runner.
"""

_own = {name: getattr(Display, name) for name in ("debug", "verbose")}

from ansible_runner.display_callback.callback.awx_display import CallbackModule  # noqa: E402  # it wraps on import

for _name, _method in _own.items():
    setattr(Display, _name, _method)

__all__ = ["DOCUMENTATION", "CallbackModule"]
