"""What playbooks are called, for lists that name many runs."""

from __future__ import annotations

from control_ui.services.errors import NotFoundError, UnavailableError
from control_ui.services.runs.catalogue import Playbook, catalogue


def by_name() -> dict[str, str]:
    """Titles of the playbooks of the catalogue. A run whose playbook has left it is called by its name."""
    try:
        return {playbook.name: playbook.title for playbook in catalogue.all()}
    except UnavailableError:
        return {}


def found(name: str) -> Playbook | None:
    """The playbook; None where it has left the catalogue, or cannot be read."""
    try:
        return catalogue.find(name)
    except (NotFoundError, UnavailableError):
        return None
