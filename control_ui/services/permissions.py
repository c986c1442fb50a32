"""Who may do what: roles are sets of permissions, and a token's scopes can only narrow them."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from control_ui.models.people import Role


class Permission(StrEnum):
    """Also the scopes of API tokens."""

    FLEET_READ = "fleet:read"
    """Devices, configurations, runs, deployments, alerts, logs of the tenant, redacted."""
    FLEET_OPERATE = "fleet:operate"
    """Start, cancel and approve runs, restart devices, acknowledge alerts."""
    CONFIG_WRITE = "config:write"
    """Templates, overrides, deployments, rollbacks."""
    DEVICES_MANAGE = "devices:manage"
    """Register, import, group, and revoke devices; their tokens and camera passwords."""
    AUDIT_READ = "audit:read"
    """The audit trail, reports and evidence packs."""
    USERS_MANAGE = "users:manage"
    """The tenant's people and settings."""
    PLATFORM_MANAGE = "platform:manage"
    """Tenants, and platform administrators."""


_READ = frozenset({Permission.FLEET_READ})
_OPERATE = _READ | {Permission.FLEET_OPERATE, Permission.CONFIG_WRITE}
_ADMIN = _OPERATE | {Permission.DEVICES_MANAGE, Permission.AUDIT_READ, Permission.USERS_MANAGE}

PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.VIEWER: _READ,
    Role.AUDITOR: _READ | {Permission.AUDIT_READ},
    Role.OPERATOR: _OPERATE,
    Role.ADMIN: _ADMIN,
    Role.PLATFORM_ADMIN: _ADMIN | {Permission.PLATFORM_MANAGE},
}


def permissions_of(role: Role, scopes: Iterable[str] | None = None) -> frozenset[Permission]:
    """What a person of this role may do; through a token with `scopes` only what both allow."""
    allowed = PERMISSIONS[role]
    return allowed if scopes is None else allowed & {Permission(scope) for scope in scopes}
