"""A valid body for every operation that takes one, made from ids of rows that exist."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

Ids = dict[str, int | str]
Body = Callable[[Ids], dict[str, Any]]

SHARED = {
    "GET /api/playbooks/{playbook}",
    "PUT /api/healing/rules/{condition}/{step}",
    "DELETE /api/healing/rules/{condition}/{step}",
}
"""What belongs to no tenant: everybody may read it. A rule of self-healing is named by what it is against, and whoever
changes one has one of their own."""

ONLY_ASKING = {
    "POST /api/configuration/diff",
    "POST /api/devices/{device_id}/config/preview",
    "POST /api/rollbacks/preview",
}
"""Questions with a body. They change nothing."""

REASON: Body = lambda _ids: {"reason": "a test"}  # noqa: E731  # one of many in a table
PASSWORD = "correct horse battery staple"


def _target(ids: Ids) -> dict[str, Any]:
    return {"device_ids": [ids["device_id"]]}


def _rollback(ids: Ids) -> dict[str, Any]:
    return {"target": _target(ids), "to": {"previous": True}}


def _decision(_ids: Ids) -> dict[str, Any]:
    return {"decision": "rejected", "diff_sha256": "0" * 64}


def _schedule(ids: Ids) -> dict[str, Any]:
    wanted = {"name": "nightly", "cron": "0 4 * * *", "timezone": "UTC", "playbook": "diagnose"}
    return wanted | {"target": _target(ids)}


def _diff(ids: Ids) -> dict[str, Any]:
    return {
        "left": {"kind": "template", "template_id": ids["template_id"]},
        "right": {"kind": "now", "device_id": ids["device_id"]},
    }


BODIES: dict[str, Body] = {
    "PUT /api/me": lambda _ids: {"name": "Somebody"},
    "POST /api/me/password": lambda _ids: {"old_password": PASSWORD, "new_password": PASSWORD[::-1]},
    "POST /api/users": lambda _ids: {"email": "new@example.test", "name": "New", "role": "viewer"},
    "PUT /api/users/{user_id}": lambda _ids: {"name": "Renamed"},
    "POST /api/users/{user_id}/password": REASON,
    "POST /api/users/{user_id}/end-sessions": REASON,
    "POST /api/tokens": lambda _ids: {
        "name": "token",
        "scopes": ["fleet:read"],
        "expires_at": (datetime.now(UTC) + timedelta(days=1)).isoformat(),
    },
    "POST /api/tenants": lambda _ids: {"slug": "another", "name": "Another"},
    "PUT /api/tenants/{tenant_id}": lambda _ids: {"name": "Renamed"},
    "PUT /api/devices/{device_id}/config": lambda _ids: {"config_override": {"jpeg_quality": 50}},
    "POST /api/devices/{device_id}/config/preview": lambda _ids: {"config_override": {"jpeg_quality": 51}},
    "PUT /api/groups/{group_id}/config": lambda _ids: {"config_override": {"jpeg_quality": 52}},
    "POST /api/configuration/diff": _diff,
    "POST /api/templates": lambda _ids: {"name": "another", "body": {"rtsp_url": "{{ camera.url }}"}},
    "PUT /api/templates/{template_id}": lambda _ids: {"body": {"rtsp_url": "{{ camera.url }}", "jpeg_quality": 53}},
    "POST /api/templates/{template_id}/archive": REASON,
    "POST /api/templates/{template_id}/unarchive": REASON,
    "POST /api/templates/{template_id}/deploy": lambda ids: {"target": _target(ids)},
    "POST /api/deployments/{deployment_id}/approval": _decision,
    "POST /api/deployments/{deployment_id}/pause": REASON,
    "POST /api/deployments/{deployment_id}/resume": REASON,
    "POST /api/deployments/{deployment_id}/cancel": REASON,
    "POST /api/deployments/{deployment_id}/rollback": REASON,
    "POST /api/rollbacks": _rollback,
    "POST /api/rollbacks/preview": _rollback,
    "POST /api/sites": lambda _ids: {"name": "Another site"},
    "PUT /api/sites/{site_id}": lambda _ids: {"city": "Elsewhere"},
    "POST /api/devices": lambda ids: {"site_id": ids["site_id"], "environment": "dev", "name": "another-pi"},
    "PUT /api/devices/{device_id}": lambda _ids: {"ring": "early"},
    "POST /api/devices/bulk-update": lambda ids: {"target": _target(ids), "ring": "early"},
    "POST /api/devices/{device_id}/enrolment-token": REASON,
    "POST /api/devices/{device_id}/token/rotate": REASON,
    "POST /api/devices/{device_id}/token/revoke": REASON,
    "POST /api/devices/{device_id}/actions": lambda _ids: {"kind": "diagnose"},
    "POST /api/devices/{device_id}/restart": REASON,
    "POST /api/groups": lambda _ids: {"name": "another-group", "kind": "static"},
    "PUT /api/groups/{group_id}": lambda _ids: {"description": "changed"},
    "POST /api/groups/{group_id}/members": lambda ids: {"add": [ids["device_id"]]},
    "POST /api/reports/evidence": lambda _ids: {"from": "2026-03-01T00:00:00Z", "to": "2026-03-10T00:00:00Z"},
    "POST /api/alerts/acknowledge": lambda ids: {"ids": [ids["alert_id"]], "comment": "a test"},
    "POST /api/healing/pause": REASON,
    "POST /api/healing/resume": REASON,
    "PUT /api/healing/rules/{condition}/{step}": lambda _ids: {
        "after_seconds": 60,
        "action": "person",
        "cooldown_seconds": 60,
        "most_attempts": 1,
        "window_seconds": 3600,
        "then": "person",
        "unattended": True,
        "reason": "a test",
    },
    "POST /api/runs": lambda ids: {"playbook": "diagnose", "target": _target(ids)},
    "POST /api/runs/{run_id}/approval": _decision,
    "POST /api/runs/{run_id}/cancel": REASON,
    "POST /api/runs/{run_id}/retry": REASON,
    "POST /api/schedules": _schedule,
    "PUT /api/schedules/{schedule_id}": _schedule,
}
