"""Reports over HTTP: in every form, for who may read them, with clear refusals."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.exc import OperationalError
from werkzeug.test import TestResponse

from control_ui.models.people import Role
from control_ui.models.scope import ALL_TENANTS, SessionFactory, open_session
from control_ui.services.reports import run_history
from tests.control_ui import factories
from tests.control_ui.reports import history

MARCH = "from=2026-03-01&to=2026-03-31"


@dataclass(frozen=True)
class Readers:
    client: FlaskClient
    headers: dict[Role, dict[str, str]]

    def get(self, path: str, role: Role = Role.AUDITOR, **headers: str) -> TestResponse:
        return self.client.get(path, headers=self.headers[role] | {"X-Tenant": "ours"} | headers)


@pytest.fixture
def readers(app: Flask, sessions: SessionFactory) -> Readers:
    with open_session(sessions, ALL_TENANTS) as session:
        made = history.make(session)
        history.make(session, "theirs")
        users = {
            role: factories.user(session, None if role == Role.PLATFORM_ADMIN else made.tenant, role) for role in Role
        }
        session.commit()
        return Readers(app.test_client(), {role: factories.headers(user) for role, user in users.items()})


def test_every_form_of_every_report_is_a_file_of_its_type(readers: Readers) -> None:
    types = {"csv": "text/csv", "json": "application/json", "html": "text/html"}
    for report in ("runs", "sla"):
        for form, media_type in types.items():
            answer = readers.get(f"/api/reports/{report}?{MARCH}&format={form}")
            assert (answer.status_code, answer.mimetype) == (200, media_type), answer.text
            assert answer.content_length == len(answer.data) > 0
            name = re.search(r'filename="([\w-]+\.\w+)"', answer.headers["Content-Disposition"])
            assert name is not None
            assert name[1].endswith(f"-ours-20260301T0000-20260401T0000.{form}")
            assert answer.headers["Cache-Control"] == "no-store"


def test_json_is_the_default_and_is_of_the_tenant(readers: Readers) -> None:
    document = readers.get(f"/api/reports/runs?{MARCH}&site=Site%20west").get_json()
    assert (document["tenant"], document["narrowed_to"]) == ("ours", {"site": "Site west"})
    assert [row["host"] for row in document["rows"]] == ["pi-west"]
    assert readers.get(f"/api/reports/sla?{MARCH}&target_percent=90").get_json()["target_percent"] == 90


def test_a_page_may_apply_its_own_style_and_nothing_else(readers: Readers) -> None:
    answer = readers.get(f"/api/reports/runs?{MARCH}&format=html")
    style = re.search(r"<style>(.*?)</style>", answer.text, re.S)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    policy = answer.headers["Content-Security-Policy"]
    assert f"style-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy
    assert answer.headers["Content-Disposition"].startswith("inline")


def test_what_is_asked_wrongly_is_refused_by_the_name_of_the_parameter(readers: Readers) -> None:
    wrong = {
        "from=2026-03-01": "query.to",
        "from=yesterday&to=2026-03-31": "query.from",
        "from=2026-03-31&to=2026-03-01": "query.to",
        f"{MARCH}&format=pdf": "query.format",
        f"{MARCH}&site=Site%20wets": "query.site",
        f"{MARCH}&colour=red": "query.colour",
    }
    for query, path in wrong.items():
        for report in ("runs", "sla"):
            answer = readers.get(f"/api/reports/{report}?{query}")
            assert answer.status_code == 422, query
            assert [fault["path"] for fault in answer.get_json()["faults"]] == [path]
    assert readers.get(f"/api/reports/sla?{MARCH}&target_percent=0").status_code == 422


def test_a_foreign_site_is_as_unknown_as_a_mistyped_one(readers: Readers, sessions: SessionFactory) -> None:
    with open_session(sessions, ALL_TENANTS) as session:
        tenant = factories.tenant(session)
        factories.device(session, tenant, "pi-secret")
        session.commit()
    assert readers.get(f"/api/reports/runs?{MARCH}&device=pi-secret").status_code == 422
    assert readers.get(f"/api/reports/runs?{MARCH}&device=pi-secret", Role.PLATFORM_ADMIN).status_code == 422


def test_only_who_may_read_the_trail_gets_reports(readers: Readers) -> None:
    for report in ("runs", "sla"):
        for role in (Role.VIEWER, Role.OPERATOR):
            assert readers.get(f"/api/reports/{report}?{MARCH}", role).status_code == 403


def test_a_platform_administrator_reports_on_all_tenants_but_measures_one(readers: Readers) -> None:
    headers = readers.headers[Role.PLATFORM_ADMIN]
    runs = readers.client.get(f"/api/reports/runs?{MARCH}", headers=headers).get_json()
    assert {row["tenant"] for row in runs["rows"]} == {"ours", "theirs"}
    sla = readers.client.get(f"/api/reports/sla?{MARCH}", headers=headers)
    assert sla.status_code == 422
    assert "X-Tenant" in sla.get_json()["detail"]


def test_a_report_that_fails_half_way_is_an_error_and_no_file_that_ends_too_early(
    readers: Readers, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = run_history.rows

    def half(*arguments: Any) -> Iterator[run_history.Row]:
        yield next(iter(rows(*arguments)))
        raise OperationalError("SELECT 1", {}, Exception("gone"))

    monkeypatch.setattr(run_history, "rows", half)
    for form in ("csv", "json", "html"):
        answer = readers.get(f"/api/reports/runs?{MARCH}&format={form}")
        assert (answer.status_code, answer.mimetype) == (503, "application/problem+json")
