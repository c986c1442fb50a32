"""The doors for machines: Alertmanager and Prometheus show a token that is a setting of the control plane."""

from __future__ import annotations

import hmac

from flask import g, request

from control_ui.models.scope import ALL_TENANTS
from control_ui.services.actor import Actor
from control_ui.services.errors import UnauthenticatedError
from control_ui.views.authentication import Guard, Identity, bearer
from control_ui.views.state import app_state


def _identify(name: str, expected: str, setting: str) -> Identity:
    """Raises UnauthenticatedError. Takes as long for a wrong token as for the right one."""
    if not expected:
        raise UnauthenticatedError(f"{setting} is not set for the control plane: until it is, nobody gets in here")
    if not hmac.compare_digest(bearer().encode(), expected.encode()):
        raise UnauthenticatedError(f"send Authorization: Bearer with the token that is {setting} at the control plane")
    actor = Actor("system", None, name, None, frozenset(), request.remote_addr or "", g.request_id)
    return Identity(actor, ALL_TENANTS)


def _alertmanager() -> Identity:
    return _identify("alertmanager", app_state().settings.alert_webhook_token, "CARWASH_ALERT_WEBHOOK_TOKEN")


def _prometheus() -> Identity:
    return _identify("prometheus", app_state().settings.metrics_token, "CARWASH_METRICS_TOKEN")


ALERTMANAGER = Guard("alertmanager", ("machineToken",), _alertmanager)
PROMETHEUS = Guard("prometheus", ("machineToken",), _prometheus)
