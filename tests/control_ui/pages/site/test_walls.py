"""Who may see a site, and who may do something with it."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from control_ui.models import Device, Run
from control_ui.models.people import Role
from control_ui.models.scope import ScopedSession
from tests.control_ui import factories
from tests.control_ui.pages.browser import sign_in, submit
from tests.control_ui.pages.site.conftest import Sit
from tests.control_ui.people.cast import Cast

TABS = (
    "", "/state", "/status", "/charts", "/charts?range=90d&table=1", "/charts.json", "/configuration",
    "/configuration/1", "/logs", "/runs", "/diagnostics", "/picture.json", "/picture/test",
)  # fmt: skip
OPERATING = ("/restart", "/hold", "/rollback")
POSTS = ("/restart", "/hold", "/rollback", "/diagnostics", "/logs/live", "/logs/live/some-log/stop")
NOT_THERE = 2**70


def rules(app: Flask) -> set[str]:
    return {rule.rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/sites/<int:device_id>")}


@pytest.fixture
def with_a_past(session: ScopedSession, device: Device) -> Run:
    factories.config_version(session, device)
    run = factories.run(session, [device], playbook="diagnose")
    session.commit()
    return run


def test_to_a_stranger_no_page_of_a_site_is_there(
    app: Flask, client: FlaskClient, cast: Cast, device: Device, with_a_past: Run
) -> None:
    sign_in(client, cast.stranger)
    paths = [rule.replace("<int:device_id>", str(device.id)) for rule in rules(app)]
    assert len(paths) > 18
    for path in paths:
        path = path.replace("<int:number>", "1").replace("<int:run_id>", str(with_a_past.id))
        path = path.replace("<log_id>", "some-log")
        for answer in (client.get(path), submit(client, path, "/account", reason="mine now")):
            assert answer.status_code in (404, 405), path
            assert "pi-east" not in answer.text
    assert client.get(f"/sites/{device.id}").status_code == 404


@pytest.mark.parametrize("role", [Role.VIEWER, Role.AUDITOR, Role.OPERATOR, Role.ADMIN, Role.PLATFORM_ADMIN])
def test_whoever_may_read_sees_every_tab(sit: Sit, role: Role, with_a_past: Run) -> None:
    desk = sit(role)
    for tab in TABS:
        assert desk.get(tab).status_code == 200, tab


def test_a_viewer_is_offered_nothing_and_refused_everything(sit: Sit, with_a_past: Run) -> None:
    desk = sit(Role.VIEWER)
    offered = "".join(desk.get(tab).text for tab in ("", "/configuration", "/logs", "/diagnostics"))
    for button in ("Restart", "Hold", ">Go back", "Follow live", "Diagnose over SSH"):
        assert button not in offered
    assert [desk.get(path).status_code for path in OPERATING] == [403, 403, 403]
    assert {path: desk.post(path, reason="because", to="previous").status_code for path in POSTS} == dict.fromkeys(
        POSTS, 403
    )


def test_a_site_that_cannot_be_is_not_there(sit: Sit) -> None:
    desk = sit(Role.VIEWER)
    for tab in TABS:
        assert desk.client.get(f"/sites/{NOT_THERE}{tab}").status_code == 404, tab
    assert desk.get(f"/configuration/{NOT_THERE}").status_code == 404
    assert desk.get(f"/diagnostics/{NOT_THERE}").status_code == 404


def test_who_is_not_signed_in_comes_back_to_the_tab(client: FlaskClient, device: Device) -> None:
    answer = client.get(f"/sites/{device.id}/charts?range=7d")
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("/login?next=/sites/")
