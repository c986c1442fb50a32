"""Deployments over HTTP: what can be asked for, what is refused, and what is shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from control_ui.models.people import Role
from control_ui.models.scope import ALL_TENANTS, SessionFactory, open_session
from tests.control_ui import factories
from tests.control_ui.deployments.conftest import Stage, make_stage
from tests.control_ui.deployments.site import Direct

ALL = {"target": {"all": True}, "strategy": "all"}


@dataclass
class Api:
    """The API as the stage's operator calls it; `as_admin` is the second pair of eyes."""

    client: FlaskClient
    stage: Stage

    def get(self, path: str) -> Any:
        answer = self.client.get(path, headers=factories.headers(self.stage.operator))
        assert answer.status_code == 200, answer.text
        return answer.get_json()

    def post(self, path: str, body: dict[str, Any], *, as_admin: bool = False, key: str = "") -> TestResponse:
        person = self.stage.admin if as_admin else self.stage.operator
        headers = factories.headers(person) | ({"Idempotency-Key": key} if key else {})
        return self.client.post(path, json=body, headers=headers)

    def deploy(self, body: dict[str, Any], key: str = "") -> TestResponse:
        return self.post(f"/api/templates/{self.stage.template.id}/deploy", body, key=key)


@pytest.fixture
def api(app: Flask, sessions: SessionFactory) -> Api:
    stage = make_stage(sessions, Direct(sessions), "pi-1", "pi-2")
    stage.new_version(jpeg_quality=70)
    return Api(app.test_client(), stage)


def test_a_deployment_is_taken_once_and_shown_as_it_goes(api: Api) -> None:
    first, second = (api.deploy(ALL | {"reason": "darker"}, key="once") for _ in range(2))
    assert (first.status_code, first.get_json()) == (second.status_code, second.get_json())
    made = first.get_json()
    assert first.status_code == 202
    assert first.headers["Location"] == f"/api/deployments/{made['id']}"
    assert (made["state"], made["waves"], made["counts"]) == ("running", 1, {"pending": 2, "total": 2})
    assert made["template_version"]["number"] == 2
    assert len(api.get("/api/deployments")["items"]) == 1
    _carry_out(api)
    ended = api.get(f"/api/deployments/{made['id']}")
    assert (ended["state"], ended["counts"]) == ("succeeded", {"applied": 2, "total": 2})
    assert len(ended["run_ids"]) == 1
    rows = api.get(f"/api/deployments/{made['id']}/devices?progress=applied&limit=1")
    assert (rows["items"][0]["name"], rows["items"][0]["config_version"]) == ("pi-1", 2)
    assert rows["items"][0]["previous_version"] == 1
    assert rows["next"] is not None
    assert api.get(f"/api/deployments/{made['id']}/devices?progress=failed")["items"] == []


def test_deployments_are_found_by_state_template_and_device(api: Api) -> None:
    made = api.deploy({"target": {"device_ids": [api.stage.ids["pi-1"]]}}).get_json()["id"]
    template = api.stage.template.id

    def found(query: str) -> list[int]:
        return [one["id"] for one in api.get(f"/api/deployments?{query}")["items"]]

    assert found("state=running&state=paused") == [made]
    assert found("state=succeeded") == []
    assert found(f"template_id={template}") == [made]
    assert found(f"template_id={template + 1}") == []
    assert found(f"device_id={api.stage.ids['pi-1']}&rollbacks=false") == [made]
    assert found(f"device_id={api.stage.ids['pi-2']}") == []
    assert found("rollbacks=true") == []


def test_one_invalid_configuration_refuses_the_whole_with_the_faults_by_device(api: Api) -> None:
    with open_session(api.stage.sessions, ALL_TENANTS) as session:
        device = api.stage.device("pi-2")
        session.add(device)
        device.config_override = {"jpeg_quality": 999}
        session.commit()
    answer = api.deploy(ALL)
    assert answer.status_code == 422
    assert [fault["path"] for fault in answer.get_json()["faults"]] == ["pi-2:$.jpeg_quality"]
    assert api.get("/api/deployments")["items"] == []
    wanted = api.stage.device("pi-1").state.desired_config
    assert wanted is not None
    assert wanted.number == 1


@pytest.mark.parametrize(
    ("body", "status", "path"),
    [
        ({"target": {"all": True}, "parameters": {"waves": ["ten"]}}, 422, "$.parameters.waves[0]"),
        ({"target": {"all": True}, "parameters": {"split_percent": 0}}, 422, "$.parameters.split_percent"),
        ({"target": {"all": True}, "strategy": "ab"}, 422, "$.parameters.version_b"),
        ({"target": {"all": True, "query": "x"}}, 422, "$.target"),
        ({"target": {"query": "name=nobody"}}, 422, "$.target.query"),
        ({"target": {"all": True}, "version": 99}, 404, None),
    ],
)
def test_what_makes_no_sense_is_refused_by_its_place(
    api: Api, body: dict[str, Any], status: int, path: str | None
) -> None:
    answer = api.deploy(body)
    assert answer.status_code == status, answer.text
    assert [fault["path"] for fault in answer.get_json().get("faults", [])][:1] == ([] if path is None else [path])


def test_an_archived_template_and_one_that_is_not_there_are_refused(api: Api) -> None:
    with open_session(api.stage.sessions, ALL_TENANTS) as session:
        template = session.get_one(type(api.stage.template), api.stage.template.id)
        template.archived_at = api.stage.now
        session.commit()
    assert api.deploy(ALL).status_code == 409
    assert api.post("/api/templates/4711/deploy", ALL).status_code == 404


def test_it_is_held_resumed_and_ended_by_a_person(api: Api) -> None:
    made = api.deploy({"target": {"all": True}}).get_json()["id"]
    path = f"/api/deployments/{made}"
    paused = api.post(f"{path}/pause", {"reason": "lunch"})
    assert (paused.status_code, paused.get_json()["state"]) == (200, "paused")
    assert api.post(f"{path}/pause", {}).status_code == 409
    assert api.post(f"{path}/resume", {}).get_json()["state"] == "running"
    canceled = api.post(f"{path}/cancel", {"reason": "wrong template"}).get_json()
    assert (canceled["state"], canceled["counts"]) == ("canceled", {"canceled": 2, "total": 2})
    assert api.post(f"{path}/resume", {}).status_code == 409
    assert api.post("/api/deployments/4711/pause", {}).status_code == 404


def test_it_is_taken_back_after_a_look_at_what_that_does(api: Api) -> None:
    made = api.deploy(ALL).get_json()["id"]
    assert api.post(f"/api/deployments/{made}/rollback", {}).status_code == 409
    _carry_out(api)
    foreseen = api.get(f"/api/deployments/{made}/rollback-preview")["items"]
    assert [(one["device"], one["action"], one["from_number"], one["to_number"]) for one in foreseen] == [
        ("pi-1", "restore", 2, 1),
        ("pi-2", "restore", 2, 1),
    ]
    answer = api.post(f"/api/deployments/{made}/rollback", {"reason": "dark"})
    back = answer.get_json()
    assert (answer.status_code, back["rollback_of_id"], back["template_version"]) == (202, made, None)
    assert api.get(f"/api/deployments/{made}")["rollback_ids"] == [back["id"]]
    assert [one["id"] for one in api.get("/api/deployments?rollbacks=true")["items"]] == [back["id"]]
    _carry_out(api)
    assert api.get(f"/api/deployments/{back['id']}")["state"] == "succeeded"
    rows = api.get(f"/api/deployments/{made}/devices")["items"]
    assert [(row["progress"], row["rollback_version"]) for row in rows] == [("rolled back", 3)] * 2


def test_devices_are_taken_back_to_a_point_after_a_look_at_what_that_does(api: Api) -> None:
    api.deploy(ALL)
    _carry_out(api)
    body = {"target": {"device_ids": [api.stage.ids["pi-1"]]}, "to": {"previous": True}}
    (foreseen,) = api.post("/api/rollbacks/preview", body).get_json()["items"]
    assert (foreseen["action"], foreseen["to_number"]) == ("restore", 1)
    assert "$.jpeg_quality" in [change["path"] for change in foreseen["changes"]]
    answer = api.post("/api/rollbacks", body | {"reason": "dark"})
    assert (answer.status_code, answer.get_json()["parameters"]["to"]) == (202, {"previous": True})
    for to in ({}, {"previous": True, "version": 1}, {"run_id": 0}):
        assert api.post("/api/rollbacks", body | {"to": to}).status_code == 422
    assert api.post("/api/rollbacks", body | {"to": {"run_id": 4711}}).status_code == 404


def test_four_eyes_over_http(app: Flask, sessions: SessionFactory) -> None:
    stage = make_stage(sessions, Direct(sessions), "pi-1", requires_approval=True)
    stage.new_version(jpeg_quality=70)
    api = Api(app.test_client(), stage)
    made = api.deploy(ALL).get_json()
    assert (made["state"], made["approval"]["decision"]) == ("proposed", None)
    path = f"/api/deployments/{made['id']}"
    (difference,) = api.get(f"{path}/diff")["items"]
    assert "$.jpeg_quality" in [change["path"] for change in difference["changes"]]
    decision = {"decision": "approved", "diff_sha256": made["diff_sha256"], "comment": "fine"}
    assert api.post(f"{path}/approval", decision).status_code == 403
    assert api.post(f"{path}/approval", decision | {"diff_sha256": "0" * 64}, as_admin=True).status_code == 409
    answer = api.post(f"{path}/approval", decision, as_admin=True)
    assert (answer.status_code, answer.get_json()["decision"]) == (200, "approved")
    assert api.get(path)["state"] == "running"


def test_no_camera_password_is_shown_anywhere(api: Api) -> None:
    made = api.deploy(ALL).get_json()["id"]
    _carry_out(api)
    password = api.stage.device("pi-1").camera_password
    assert password
    seen = ""
    for path in ("", "/devices", "/diff", "/rollback-preview"):
        answer = api.client.get(f"/api/deployments/{made}{path}", headers=factories.headers(api.stage.operator))
        seen += answer.text
    seen += str([entry.after for entry in api.stage.audit(made)])
    assert "rtsp" in api.stage.pis["pi-1"].documents[-1]["rtsp_url"]
    assert password in api.stage.pis["pi-1"].documents[-1]["rtsp_url"]
    assert password not in seen


def test_a_platform_administrator_does_not_reach_over_a_tenant_by_mistake(api: Api, sessions: SessionFactory) -> None:
    with open_session(sessions, ALL_TENANTS) as session:
        factories.device(session, factories.tenant(session), "another")
        person = factories.user(session, None, Role.PLATFORM_ADMIN)
        session.commit()
    path = f"/api/templates/{api.stage.template.id}/deploy"
    wide = api.client.post(path, json=ALL, headers=factories.headers(person))
    assert (wide.status_code, wide.get_json()["faults"][0]["path"]) == (422, "$.target")
    headers = factories.headers(person) | {"X-Tenant": api.stage.tenant.slug}
    assert api.client.post(path, json=ALL, headers=headers).get_json()["counts"]["total"] == 2


def _carry_out(api: Api) -> None:
    api.stage.round()
    api.stage.round()
