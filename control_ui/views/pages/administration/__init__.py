"""The pages of the section Administration: `tabs.py` names them, and each tab has a module or two."""

from control_ui.views.pages.administration import (
    approvals,
    device_tokens,
    devices,
    groups,
    inventory,
    members,
    retention,
    schedules,
    sites,
    tabs,
    tenants,
    tokens,
    user_access,
    users,
)

__all__ = [
    "approvals",
    "device_tokens",
    "devices",
    "groups",
    "inventory",
    "members",
    "retention",
    "schedules",
    "sites",
    "tabs",
    "tenants",
    "tokens",
    "user_access",
    "users",
]
