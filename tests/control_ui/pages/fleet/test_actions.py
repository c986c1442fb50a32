"""What is done with the sites that were chosen: asked first, refused where it must be, and done by the services."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from control_ui.models import Device, HostResult, Run
from control_ui.models.people import Role
from control_ui.models.scope import ALL_TENANTS, SessionFactory, open_session
from tests.control_ui.pages.browser import sign_in, submit
from tests.control_ui.pages.fleet.conftest import Fleet
from tests.control_ui.people.cast import Cast, trail

IN_DIALOG = {"HX-Request": "true", "HX-Target": "dialog-content"}


@pytest.fixture
def operator(client: FlaskClient, cast: Cast, fleet: Fleet) -> FlaskClient:
    sign_in(client, cast[Role.OPERATOR])
    return client


def ids(*devices: Device) -> str:
    return ",".join(str(device.id) for device in devices)


def post(client: FlaskClient, path: str, **fields: str) -> TestResponse:
    return submit(client, path, page="/", **fields)


def runs(sessions: SessionFactory) -> list[Run]:
    with open_session(sessions, ALL_TENANTS) as session:
        return list(session.scalars(sa.select(Run)))


@pytest.mark.parametrize(
    ("playbook", "title"),
    [("restart", "Restart 2 sites"), ("update_os", "Update the system of 2 sites"), ("diagnose", "Diagnose 2 sites")],
)
def test_a_run_is_asked_for_with_the_number_and_the_names_of_its_sites(
    operator: FlaskClient, fleet: Fleet, playbook: str, title: str
) -> None:
    page = operator.get(f"/fleet/run?playbook={playbook}&ids={ids(fleet.well, fleet.away)}", headers=IN_DIALOG).text
    assert f"<h1>{title}</h1>" in page
    assert "<html" not in page, "it stands in a dialog"
    assert "Elm Street" in page
    assert "1 of them cannot be reached now" in page


def test_checkboxes_of_a_page_without_scripts_name_the_sites_one_by_one(operator: FlaskClient, fleet: Fleet) -> None:
    page = operator.get(f"/fleet/run?playbook=restart&ids=&ids={fleet.well.id}&ids={fleet.warm.id}").text
    assert "<h1>Restart 2 sites</h1>" in page
    assert "<html" in page


def test_held_sites_are_told_to_be_left_out(operator: FlaskClient, fleet: Fleet, sessions: SessionFactory) -> None:
    with open_session(sessions, ALL_TENANTS) as session:
        session.execute(sa.update(Device).where(Device.id == fleet.well.id).values(held_reason="being repaired"))
        session.commit()
    page = operator.get(f"/fleet/run?playbook=restart&ids={ids(fleet.well, fleet.warm)}").text
    assert "1 of them is held, and will be left out" in page


def test_a_run_is_begun_for_these_sites_with_the_reason_and_is_in_the_audit_trail(
    operator: FlaskClient, fleet: Fleet, sessions: SessionFactory
) -> None:
    answer = post(
        operator, "/fleet/run", playbook="restart", ids=ids(fleet.well, fleet.warm), reason="new firmware",
        check_mode="1",
    )  # fmt: skip
    (run,) = runs(sessions)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/runs/{run.id}")
    assert (run.playbook, run.check_mode, run.reason) == ("restart", True, "new firmware")
    with open_session(sessions, ALL_TENANTS) as session:
        hosts = set(session.scalars(sa.select(HostResult.device_id)))
    assert hosts == {fleet.well.id, fleet.warm.id}
    (entry,) = trail(sessions, "run.request")
    assert (entry.actor_name, entry.reason) == ("operator@ours.test", "new firmware")


def test_a_dialog_leads_the_whole_page_on(operator: FlaskClient, fleet: Fleet, sessions: SessionFactory) -> None:
    operator.environ_base |= {"HTTP_HX_REQUEST": "true", "HTTP_HX_TARGET": "dialog-content"}
    answer = post(operator, "/fleet/run", playbook="diagnose", ids=ids(fleet.well))
    (run,) = runs(sessions)
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, f"/runs/{run.id}")


def test_a_reason_that_is_too_long_is_said_at_its_field_and_stays_entered(
    operator: FlaskClient, fleet: Fleet, sessions: SessionFactory
) -> None:
    answer = post(operator, "/fleet/run", playbook="restart", ids=ids(fleet.well), reason="x" * 2001, check_mode="1")
    assert answer.status_code == 422
    assert 'id="reason-fault"' in answer.text
    assert "x" * 2001 in answer.text
    assert 'name="check_mode" value="1" checked' in answer.text
    assert runs(sessions) == []


def test_what_is_deployed_to_them_is_asked_by_the_one_dialog_for_that(operator: FlaskClient, fleet: Fleet) -> None:
    assert 'formaction="/configuration/deploy"' in operator.get("/").text
    form = operator.get(f"/configuration/deploy?ids={ids(fleet.well, fleet.warm)}").text
    assert f'value="devices:{ids(fleet.well, fleet.warm)}" selected>The 2 selected sites' in form


PAGES: list[tuple[str, dict[str, Any]]] = [
    ("/fleet/run", {"playbook": "restart"}),
]


@pytest.mark.parametrize(("path", "fields"), PAGES)
def test_a_site_of_another_tenant_is_not_there(
    operator: FlaskClient, fleet: Fleet, sessions: SessionFactory, path: str, fields: dict[str, Any]
) -> None:
    for chosen in (ids(fleet.theirs), ids(fleet.well, fleet.theirs), "0", "x", "9" * 30, ""):
        assert operator.get(path, query_string=fields | {"ids": chosen}).status_code == 404
        answer = post(operator, path, ids=chosen, **fields)
        assert answer.status_code == 404
        assert "Zebra" not in answer.text
    assert runs(sessions) == []


@pytest.mark.parametrize(("path", "fields"), PAGES)
def test_who_may_only_look_and_who_brings_no_token_change_nothing(
    client: FlaskClient, cast: Cast, fleet: Fleet, sessions: SessionFactory, path: str, fields: dict[str, Any]
) -> None:
    sign_in(client, cast[Role.VIEWER])
    sent = fields | {"ids": ids(fleet.well)}
    assert client.get(path, query_string=sent).status_code == 403
    assert post(client, path, **sent).status_code == 403
    sign_in(client, cast[Role.OPERATOR])
    assert client.post(path, data=sent).status_code == 400
    assert runs(sessions) == []


def test_a_playbook_that_is_not_for_many_sites_is_not_offered(operator: FlaskClient, fleet: Fleet) -> None:
    assert operator.get(f"/fleet/run?playbook=site&ids={fleet.well.id}").status_code == 404
    assert post(operator, "/fleet/run", playbook="../x", ids=ids(fleet.well)).status_code == 404


def test_sites_of_several_tenants_can_only_be_looked_at_together(
    client: FlaskClient, cast: Cast, fleet: Fleet, sessions: SessionFactory
) -> None:
    sign_in(client, cast[Role.PLATFORM_ADMIN])
    both = ids(fleet.well, fleet.theirs)
    page = client.get(f"/fleet/run?playbook=restart&ids={both}").text
    assert "These sites belong to 2 tenants (Ours, Theirs)" in page
    answer = post(client, "/fleet/run", playbook="restart", ids=both)
    assert answer.status_code == 422
    assert runs(sessions) == []
