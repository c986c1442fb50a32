"""Who may see and do what in the section, page by page."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from control_ui.models.people import Role
from tests.control_ui.pages.administration.conftest import House, Visitor
from tests.control_ui.pages.browser import csrf_token
from tests.control_ui.people.cast import Cast

Visit = Callable[[Role | str], Visitor]
LISTS = ("sites", "devices", "groups", "schedules", "approvals", "tokens")
FOR_MANAGERS = ("users", "tenants", "retention")
MADE = ("users/new", "sites/new", "devices/new", "devices/import", "groups/new")
EVERYBODY = (Role.VIEWER, Role.OPERATOR, Role.AUDITOR, Role.ADMIN, Role.PLATFORM_ADMIN)


def pages_of_rows(house: House, cast: Cast) -> list[str]:
    """Every page of the section that is about one row, and exists for its own tenant's administrator."""
    user, tenant = cast[Role.OPERATOR].id, cast.tenant.id
    wholes = [f"users/{user}", f"devices/{house.device}", f"groups/{house.list_}", f"schedules/{house.schedule}"]
    asked = [
        *(f"users/{user}/{what}" for what in ("edit", "reset", "end-sessions", "disable", "enable")),
        f"tenants/{tenant}/edit",
        f"tokens/{house.token}/revoke",
        *(f"sites/{house.site}/{what}" for what in ("edit", "remove")),
        *(f"devices/{house.device}/{what}" for what in ("edit", "hold", "remove", "enrol", "rotate", "revoke")),
        *(f"groups/{house.list_}/{what}" for what in ("edit", "remove", "put_in", "take_out")),
        *(f"schedules/{house.schedule}/{what}" for what in ("edit", "pause", "resume", "remove")),
    ]
    return [f"/administration/{path}" for path in (*wholes, *asked)]


def test_an_administrator_opens_every_page(visit: Visit, house: House, cast: Cast) -> None:
    visitor = visit(Role.ADMIN)
    lists = [f"/administration/{name}" for name in (*LISTS, *FOR_MANAGERS, *MADE, "roles", "tokens/new")]
    lists += ["/administration/schedules/new", "/administration/schedules/new?playbook=restart"]
    for path in (*lists, *pages_of_rows(house, cast)):
        answer = visitor.get(path)
        assert (path, answer.status_code) == (path, 200)
        assert answer.text.count("<h1") == 1, path


def test_another_tenants_administrator_finds_none_of_it(visit: Visit, house: House, cast: Cast) -> None:
    visitor = visit("stranger")
    for path in pages_of_rows(house, cast):
        assert (path, visitor.get(path).status_code) == (path, 404)
        assert (path, visitor.post(path).status_code) in ((path, 404), (path, 405))


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR, Role.AUDITOR])
def test_what_is_for_administrators_is_neither_shown_nor_open_to_others(
    visit: Visit, house: House, cast: Cast, role: Role
) -> None:
    visitor = visit(role)
    text = visitor.get("/administration", follow_redirects=True).text
    for name in FOR_MANAGERS:
        assert f'href="/administration/{name}"' not in text
        assert visitor.get(f"/administration/{name}").status_code == 403
    for name in MADE:
        assert visitor.get(f"/administration/{name}").status_code == 403
        assert visitor.post(f"/administration/{name}").status_code == 403
    for name in LISTS:
        answer = visitor.get(f"/administration/{name}")
        assert answer.status_code == 200
        assert "/new" not in answer.text.replace("schedules/new" if role == Role.OPERATOR else "-", "").replace(
            "tokens/new", ""
        )


def test_a_viewer_sees_no_button_that_would_be_refused(visit: Visit, house: House) -> None:
    visitor = visit(Role.VIEWER)
    for path in (f"devices/{house.device}", f"groups/{house.list_}", f"schedules/{house.schedule}"):
        text = visitor.get(f"/administration/{path}").text
        assert f"/administration/{path}/" not in text
    for what in ("hold", "edit"):
        assert visitor.post(f"/administration/devices/{house.device}/{what}").status_code == 403


@pytest.mark.parametrize("role", EVERYBODY)
def test_the_section_opens_with_the_first_tab_that_one_may_see(visit: Visit, role: Role) -> None:
    answer = visit(role).get("/administration")
    first = "users" if role in (Role.ADMIN, Role.PLATFORM_ADMIN) else "tokens"
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/administration/{first}")


def test_nothing_is_changed_without_a_token_of_the_page(visit: Visit, house: House, cast: Cast) -> None:
    visitor = visit(Role.ADMIN)
    for path in pages_of_rows(house, cast):
        assert visitor.client.post(path).status_code in (400, 405), path


@pytest.mark.parametrize("name", [*LISTS, *FOR_MANAGERS, "groups/1", "groups/count", "sites/hours", "schedules/times"])
@pytest.mark.parametrize("nonsense", ["\x00", "9" * 30, "-1", "%", "é" * 500])
def test_nonsense_in_an_address_breaks_no_page(visit: Visit, house: House, name: str, nonsense: str) -> None:
    fields = (
        "q",
        "role",
        "state",
        "status",
        "group_id",
        "site_id",
        "region",
        "label_query",
        "cron",
        "timezone",
        "others",
    )
    answer = visit(Role.ADMIN).get(f"/administration/{name}", query_string=dict.fromkeys(fields, nonsense))
    assert answer.status_code in (200, 404)


def test_who_is_not_signed_in_is_asked_to(app: Flask, house: House, cast: Cast) -> None:
    client = app.test_client()
    assert csrf_token(client)
    for path in pages_of_rows(house, cast):
        assert client.get(path).status_code == 303
