"""Permissions as people say them: of roles, and of API tokens."""

from __future__ import annotations

from control_ui.services.permissions import Permission

WORDS = {
    Permission.FLEET_READ: "See devices, configurations, runs, deployments, alerts and logs",
    Permission.FLEET_OPERATE: "Start, cancel and approve runs, restart devices, acknowledge alerts",
    Permission.CONFIG_WRITE: "Change templates and overrides, deploy, roll back",
    Permission.DEVICES_MANAGE: "Add, import, group and revoke devices; their tokens and camera passwords",
    Permission.AUDIT_READ: "Search the audit trail, make reports and evidence packs",
    Permission.USERS_MANAGE: "Manage the tenant's people and settings",
    Permission.PLATFORM_MANAGE: "Manage tenants and platform administrators",
}
