"""What is remembered about fleets."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from virtual_fleet import places, state
from virtual_fleet.state import FleetState


def test_a_fleet_of_a_newer_checkout_is_known_by_what_both_versions_remember(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "STATE_ROOT", tmp_path)
    fleet = FleetState("other", "10.80", "image", "hosts.yml")
    fleet.save()
    document = json.loads(state.state_file("other").read_text())
    state.state_file("other").write_text(json.dumps(document | {"weather": "rain"}))
    assert state.known_fleets() == [fleet]
