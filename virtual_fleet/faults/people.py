"""What people do at a site and forget: something stopped by hand, a configuration changed past the control plane."""

from __future__ import annotations

import json

from virtual_fleet import container
from virtual_fleet.errors import FleetError
from virtual_fleet.faults.kinds import Fault
from virtual_fleet.site import Site

_CHANGED_QUALITY = 41


def _stop(unit: str, kind: str, sentence: str) -> Fault:
    def inject(site: Site, _value: str | None) -> str:
        _inside(site, "systemctl", "stop", f"{unit}.service")
        return f"{unit} is stopped, as by `systemctl stop`; systemd leaves it so"

    return Fault(kind, sentence, inject, lambda site: _inside(site, "systemctl", "start", f"{unit}.service"))


def _change_configuration(site: Site, _value: str | None) -> str:
    """Another picture quality under the next version, through the Pi's own command."""
    document = json.loads(container.execute(site, ["cat", "/etc/carwash/config.json"]).stdout or "{}")
    if not document:
        raise FleetError(f"{site.name} has no /etc/carwash/config.json: provision it first")
    changed = document | {"jpeg_quality": _CHANGED_QUALITY}
    _inside(site, "carwash", "config", "apply", "--next-version", "-", stdin=json.dumps(changed))
    return f"jpeg_quality is {_CHANGED_QUALITY} now, under a version nobody asked for"


def _put_back(site: Site) -> None:
    """Unless somebody has put it right already."""
    document = json.loads(container.execute(site, ["cat", "/etc/carwash/config.json"]).stdout or "{}")
    if document.get("jpeg_quality") == _CHANGED_QUALITY:
        _inside(site, "carwash", "config", "rollback")


def _inside(site: Site, *command: str, stdin: str = "") -> None:
    result = container.execute(site, command, timeout=90, stdin=stdin)
    if result.returncode:
        said = (result.stderr or result.stdout).strip()
        raise FleetError(f"`{' '.join(command)}` on {site.name} failed: {said}")


FAULTS = (
    _stop("carwash-stream", "stream-off", "An engineer stopped the stream by hand and went home."),
    _stop("carwash-agent", "agent-off", "An engineer stopped the agent by hand and went home: nothing checks in."),
    Fault(
        "config-by-hand",
        "An engineer changed the configuration at the Pi, past the control plane.",
        _change_configuration,
        _put_back,
    ),
)
