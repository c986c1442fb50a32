from __future__ import annotations

import pytest

from control_ui.models.scope import SessionFactory
from control_ui.services.people import passwords
from tests.control_ui.people.cast import CHEAP, Cast, make_cast


@pytest.fixture(autouse=True)
def _cheap_hashing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "_hasher", CHEAP)
    passwords._nobodys.cache_clear()


@pytest.fixture
def cast(sessions: SessionFactory) -> Cast:
    return make_cast(sessions)
