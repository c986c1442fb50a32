"""Every blueprint of the application, in one place."""

from __future__ import annotations

from flask import Flask, Response, json

from control_ui.views.api import (
    agent,
    alerts,
    approvals,
    audit,
    auth,
    configuration,
    deployments,
    device_status,
    device_tokens,
    devices,
    groups,
    healing,
    health,
    inventory,
    me,
    metrics,
    playbooks,
    prometheus,
    reports,
    restart,
    rollback_points,
    rollbacks,
    run_output,
    runs,
    schedules,
    sites,
    templates,
    tenants,
    tokens,
    users,
)
from control_ui.views.api.openapi import document
from control_ui.views.api.operation import Api, Operation
from control_ui.views.state import app_state

APIS: tuple[Api, ...] = (
    health.api,
    auth.api,
    me.api,
    users.api,
    tokens.api,
    tenants.api,
    configuration.api,
    templates.api,
    deployments.api,
    rollbacks.api,
    audit.api,
    sites.api,
    devices.api,
    device_tokens.api,
    device_status.api,
    groups.api,
    healing.api,
    agent.api,
    inventory.api,
    approvals.api,
    playbooks.api,
    restart.api,
    rollback_points.api,
    run_output.api,
    runs.api,
    schedules.api,
    reports.api,
    alerts.api,
    metrics.api,
    prometheus.api,
)


def operations() -> list[Operation]:
    """Every operation of the API."""
    return [operation for api in APIS for operation in api.operations]


def register_all(app: Flask) -> None:
    for api in APIS:
        app.register_blueprint(api.blueprint)
    app.add_url_rule("/api/openapi.json", "openapi", _openapi)


def _openapi() -> Response:
    return Response(json.dumps(document(operations(), app_state().settings.public_url)), mimetype="application/json")
