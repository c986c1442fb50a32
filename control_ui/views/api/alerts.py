"""Alerts: what Alertmanager tells, and what people make of it."""

from __future__ import annotations

from control_ui.services.alerts import receive, search
from control_ui.services.alerts.acknowledge import acknowledge as acknowledge_alerts
from control_ui.services.permissions import Permission
from control_ui.views.api.operation import Api, Call
from control_ui.views.api.schemas.alerts import (
    AcknowledgedOut,
    AcknowledgeIn,
    AlertOut,
    AlertPage,
    AlertQuery,
    ReceivedOut,
    WebhookIn,
)
from control_ui.views.machine_authentication import ALERTMANAGER

api = Api("alerts", "alerts")


@api.post("/alerts/webhook", guard=ALERTMANAGER, body=WebhookIn, returns=ReceivedOut)
def webhook(call: Call, body: WebhookIn) -> ReceivedOut:
    """Take alerts from Alertmanager.

    As its receiver `webhook_configs`, with the token in `http_config.authorization`. Telling the same alert again
    updates it. The labels `tenant` (slug) and `device` (name) say whose it is; without them it is the platform's."""
    notices = [alert.notice() for alert in body.alerts]
    return ReceivedOut(received=receive.receive(call.session, notices, call.now))


@api.get("/alerts", permission=Permission.FLEET_READ, query=AlertQuery, returns=AlertPage)
def list_alerts(call: Call, query: AlertQuery) -> AlertPage:
    """List alerts, those that began last first."""
    return AlertPage.model_validate(search.search(call.session, **query.model_dump()))


@api.post(
    "/alerts/acknowledge",
    permission=Permission.FLEET_OPERATE,
    body=AcknowledgeIn,
    returns=AcknowledgedOut,
    errors=(409,),
)
def acknowledge(call: Call, body: AcknowledgeIn) -> AcknowledgedOut:
    """Acknowledge alerts: all of those named, or none.

    One that is over can be acknowledged too. 409 where somebody was quicker with one of them; it says who."""
    alerts = acknowledge_alerts(call.session, call.actor, body.ids, comment=body.comment, now=call.now)
    return AcknowledgedOut(items=[AlertOut.model_validate(alert) for alert in alerts])
