"""What the section consists of, and the way to the first page of it that one may see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import g, render_template, request

from control_ui.services.errors import ConflictError
from control_ui.services.permissions import Permission
from control_ui.views import login_session
from control_ui.views.api.operation import LARGEST_ID, Call
from control_ui.views.pages.frame import may
from control_ui.views.pages.page import Answer, page, see_other

PER_PAGE = 100


@dataclass(frozen=True)
class Tab:
    label: str
    endpoint: str
    permission: Permission


TABS = (
    Tab("Users", "users_list", Permission.USERS_MANAGE),
    Tab("Tenants", "tenants_list", Permission.USERS_MANAGE),
    Tab("API tokens", "tokens_list", Permission.FLEET_READ),
    Tab("Sites", "sites_list", Permission.FLEET_READ),
    Tab("Devices", "devices_list", Permission.FLEET_READ),
    Tab("Groups", "groups_list", Permission.FLEET_READ),
    Tab("Schedules", "schedules_list", Permission.FLEET_READ),
    Tab("Approvals", "approvals_list", Permission.FLEET_READ),
    Tab("Retention", "retention", Permission.USERS_MANAGE),
)


@page("/administration", permission=Permission.FLEET_READ)
def administration(_call: Call) -> Answer:
    """The first tab that who asks may see."""
    return see_other(_mine()[0].endpoint)


def show(template: str, tab: str, **context: Any) -> str:
    """A page under one of the tabs."""
    return render_template(f"administration/{template}.html", tabs=_mine(), tab=tab, in_tenant=_in_tenant(), **context)


def require_tenant(call: Call) -> None:
    """What is made belongs to a tenant. Raises ConflictError for who sees all of them."""
    if call.session.scope.tenant_id is None:
        raise ConflictError("this belongs to a tenant: go into one first, under Administration, Tenants")


def cursor() -> str | None:
    """Where in a long list the page begins."""
    return request.args.get("cursor") or None


def text(name: str) -> str:
    """What is searched for: of a length, and with nothing in it, that every database takes."""
    return request.args.get(name, "").replace("\x00", "")[:100]


def row_id(given: str) -> int:
    """For `args.get(..., type=row_id)`: what can be none is left out."""
    number = int(given)
    if not 0 < number <= LARGEST_ID:
        raise ValueError(given)
    return number


def _in_tenant() -> bool:
    return g.person.tenant_id is not None or login_session.tenant() is not None


def _mine() -> list[Tab]:
    return [tab for tab in TABS if may(tab.permission)]
