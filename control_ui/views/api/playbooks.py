"""Playbooks that may be run from here."""

from __future__ import annotations

from control_ui.services.permissions import Permission
from control_ui.services.runs.catalogue import catalogue
from control_ui.views.api.operation import Api, Call
from control_ui.views.api.schemas.playbooks import PlaybookOut, PlaybooksOut

api = Api("playbooks", "runs")


@api.get("/playbooks", permission=Permission.FLEET_READ, returns=PlaybooksOut)
def list_playbooks(_call: Call) -> PlaybooksOut:
    """List the playbooks that may be run from here, with the schemas of their variables."""
    return PlaybooksOut(items=[PlaybookOut.model_validate(playbook) for playbook in catalogue.all()])


@api.get("/playbooks/<playbook>", permission=Permission.FLEET_READ, returns=PlaybookOut)
def show_playbook(_call: Call, playbook: str) -> PlaybookOut:
    """Show one playbook."""
    return PlaybookOut.model_validate(catalogue.find(playbook))
