"""What can be chosen to search for is what the services write."""

from __future__ import annotations

import re

from control_ui.settings import REPOSITORY
from control_ui.views.pages.audit.listing import KINDS


def test_every_kind_of_subject_can_be_chosen() -> None:
    written = {
        kind
        for path in (REPOSITORY / "control_ui").rglob("*.py")
        for kind in re.findall(r'\bSubject\(\s*"([a-z_ ]+)"', path.read_text())
    }
    assert sorted(written) == sorted(KINDS)
