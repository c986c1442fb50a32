"""Self-healing of the fleet: rules, attempts, the switch; and incidents."""

from __future__ import annotations

from dataclasses import asdict

from control_ui.models import Incident
from control_ui.services import rows
from control_ui.services.healing import listing, rule_table, switch
from control_ui.services.permissions import Permission
from control_ui.views.api.operation import Api, Call, Reply
from control_ui.views.api.schemas.base import PageQuery, ReasonIn
from control_ui.views.api.schemas.healing import (
    ActionPage,
    ActionQuery,
    CasePage,
    CaseQuery,
    HealingOut,
    IncidentOut,
    IncidentPage,
    IncidentWithDevicesOut,
    RuleIn,
    RuleOut,
    RulesOut,
)

api = Api("healing", "healing")


@api.get("/healing", permission=Permission.FLEET_READ, returns=HealingOut)
def show_healing(call: Call) -> HealingOut:
    """Show how self-healing stands: paused or not, what the brake holds, what is under way."""
    return _now(call)


@api.post("/healing/pause", permission=Permission.FLEET_OPERATE, body=ReasonIn, returns=HealingOut, errors=(409,))
def pause_healing(call: Call, body: ReasonIn) -> HealingOut:
    """Have no further attempt begin: for the tenant, or by a platform administrator for everybody.

    What is under way ends. A reason is asked for."""
    switch.pause(call.session, call.actor, body.reason, call.now)
    return _now(call)


@api.post("/healing/resume", permission=Permission.FLEET_OPERATE, body=ReasonIn, returns=HealingOut, errors=(409,))
def resume_healing(call: Call, body: ReasonIn) -> HealingOut:
    """Let it go on."""
    switch.resume(call.session, call.actor, body.reason, call.now)
    return _now(call)


@api.get("/healing/rules", permission=Permission.FLEET_READ, returns=RulesOut)
def list_healing_rules(call: Call) -> RulesOut:
    """List the rules in force, by condition and step: the tenant's own instead of the platform's."""
    return RulesOut(items=[_rule(one) for one in rule_table.shown(call.session)])


@api.put(
    "/healing/rules/<condition>/<int:step>",
    permission=Permission.CONFIG_WRITE,
    body=RuleIn,
    returns=RuleOut,
    errors=(409,),
    conditional=True,
)
def change_healing_rule(call: Call, condition: str, step: int, body: RuleIn) -> Reply:
    """Change a rule.

    In a tenant this makes its own, which stands instead of the platform's; platform administrators change that one."""
    changed = rule_table.change(
        call.session, call.actor, body.rule(condition, step),
        row_version=call.if_match or 0, reason=body.reason, now=call.now,
    )  # fmt: skip
    return Reply(_rule(changed), etag=changed.row_version)


@api.delete(
    "/healing/rules/<condition>/<int:step>",
    permission=Permission.CONFIG_WRITE,
    query=ReasonIn,
    status=204,
    conditional=True,
)
def reset_healing_rule(call: Call, condition: str, step: int, query: ReasonIn) -> None:
    """Have the platform's rule again, instead of the tenant's own."""
    key, version = (condition, step), call.if_match or 0
    rule_table.reset(call.session, call.actor, key, row_version=version, reason=query.reason, now=call.now)


@api.get("/healing/actions", permission=Permission.FLEET_READ, query=ActionQuery, returns=ActionPage)
def list_healing_actions(call: Call, query: ActionQuery) -> ActionPage:
    """List attempts, those that began last first."""
    return ActionPage.model_validate(listing.actions(call.session, **query.model_dump()))


@api.get("/healing/cases", permission=Permission.FLEET_READ, query=CaseQuery, returns=CasePage)
def list_healing_cases(call: Call, query: CaseQuery) -> CasePage:
    """List what is or was wrong with devices, those opened last first."""
    return CasePage.model_validate(listing.cases(call.session, **query.model_dump()))


@api.get("/incidents", permission=Permission.FLEET_READ, query=PageQuery, returns=IncidentPage)
def list_incidents(call: Call, query: PageQuery) -> IncidentPage:
    """List wide outages, those opened last first."""
    return IncidentPage.model_validate(listing.incidents(call.session, **query.model_dump()))


@api.get("/incidents/<int:incident_id>", permission=Permission.FLEET_READ, returns=IncidentWithDevicesOut)
def show_incident(call: Call, incident_id: int) -> IncidentWithDevicesOut:
    """Show one incident with the devices it affects or has affected."""
    incident = rows.fetch(call.session, Incident, incident_id, "incident")
    of_row = IncidentOut.model_validate(incident).model_dump()
    return IncidentWithDevicesOut(**of_row, device_ids=list(listing.affected(call.session, incident.id)))


def _now(call: Call) -> HealingOut:
    return HealingOut.model_validate(listing.state(call.session))


def _rule(shown: rule_table.Shown) -> RuleOut:
    of_rule = asdict(shown.rule)
    return RuleOut(**of_rule, title=shown.title, own=shown.own, row_version=shown.row_version)
