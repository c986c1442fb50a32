"""Restarting, holding and taking back one site: asked first, refused with reasons."""

from __future__ import annotations

import sqlalchemy as sa

from control_ui.models import Deployment, Device, DeviceAction, Run
from control_ui.models.people import Role
from control_ui.services.pictures.keys import picture_keys
from tests.control_ui import factories
from tests.control_ui.pages.site.conftest import Desk, Sit
from tests.control_ui.pages.site.test_overview import words


def runs(desk: Desk) -> list[Run]:
    return list(desk.session.scalars(sa.select(Run).execution_options(populate_existing=True)))


def test_a_restart_is_asked_first_and_becomes_a_run(desk: Desk) -> None:
    asked = desk.get("/restart").text
    assert "Restart the camera service of 1 site" in asked
    assert "Restart 1 site</button>" in asked
    answer = desk.post("/restart", via="run", unit="carwash-stream", reason="no picture")
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{desk.base}/runs")
    (run,) = runs(desk)
    assert (run.playbook, run.reason, run.target) == ("restart", "no picture", {"device_ids": [desk.device.id]})
    assert run.variables == {"restart_units": ["carwash-stream"]}
    assert f"Run {run.id} restarts pi-east." in words(desk.get("/runs").text)


def test_the_pi_itself_can_be_asked_to(desk: Desk) -> None:
    assert desk.post("/restart", via="agent", reason="no picture").status_code == 303
    action = desk.session.scalars(sa.select(DeviceAction)).one()
    assert (action.kind, action.reason) == ("restart_units", "no picture")
    assert runs(desk) == []


def test_a_refusal_keeps_what_was_entered(desk: Desk) -> None:
    desk.device.token_sha256 = None
    answer = desk.post("/restart", via="agent", reason="no picture at all")
    assert answer.status_code == 409
    assert "has no device token" in answer.text
    assert "no picture at all</textarea>" in answer.text
    assert 'value="agent" checked' in answer.text


def test_a_site_is_held_for_a_reason_and_released(desk: Desk) -> None:
    assert desk.post("/hold", reason="  ").status_code == 422
    assert 'id="reason-fault"' in desk.post("/hold").text
    assert desk.post("/hold", reason="the bay is painted").status_code == 303
    assert desk.session.get_one(Device, desk.device.id, populate_existing=True).held_reason == "the bay is painted"
    assert "Release 1 site" in desk.get("/hold").text
    assert desk.post("/hold", release="1").status_code == 303
    assert desk.session.get_one(Device, desk.device.id, populate_existing=True).held_reason == ""


def two_versions(desk: Desk) -> None:
    keys = [picture_keys.entry_of(desk.device.id)]
    for number, quality in ((1, 70), (2, 80)):
        document = {
            "version": number, "device_id": "pi-east", "rtsp_url": "rtsp://192.0.2.10/", "jpeg_quality": quality,
            "api_keys": keys,
        }  # fmt: skip
        factories.config_version(desk.session, desk.device, number, document=document, shown=document)
    desk.device.state.config_version = 2


def test_going_back_says_what_it_will_do_and_does_it(desk: Desk) -> None:
    two_versions(desk)
    for to in ("previous", "version:1"):
        shown = words(desk.get(f"/rollback?to={to}").text)
        assert "from configuration 2 to" in shown
        assert "jpeg_quality 80 70" in shown
    answer = desk.post("/rollback", to="version:1", reason="it was better")
    assert (answer.status_code, answer.headers["Location"]) == (303, desk.base)
    made = desk.session.scalars(sa.select(Deployment)).one()
    assert (made.reason, made.target) == ("it was better", {"device_ids": [desk.device.id]})
    assert f"Deployment {made.id} takes pi-east back." in words(desk.get().text)


def test_going_back_wants_a_reason(desk: Desk) -> None:
    two_versions(desk)
    answer = desk.post("/rollback", to="version:1")
    assert answer.status_code == 422
    assert 'id="reason-fault"' in answer.text
    assert "jpeg_quality" in answer.text, "what it would do is still there"


def test_where_there_is_nothing_to_go_back_to_there_is_no_button(desk: Desk) -> None:
    two_versions(desk)
    shown = desk.get("/rollback?to=version:2").text
    assert "it runs this already" in shown
    assert "Take 1 site back" not in shown
    for nonsense in ("", "version:0", "version:x", "run:99999999999999999999"):
        shown = desk.get(f"/rollback?to={nonsense}").text
        assert "say where to go back to" in shown.lower()
    assert desk.get("/rollback?to=run:4711").status_code == 404
    refused = desk.post("/rollback", to="version:2", reason="why not")
    assert refused.status_code == 422
    assert desk.session.scalars(sa.select(Deployment)).all() == []


def test_where_four_eyes_are_asked_for_it_waits(sit: Sit) -> None:
    desk = sit(Role.ADMIN)
    two_versions(desk)
    tenant = desk.session.merge(desk.device).tenant_id
    desk.session.execute(sa.text("UPDATE tenants SET requires_approval = true WHERE id = :id"), {"id": tenant})
    assert desk.post("/rollback", to="previous", reason="it was better").status_code == 303
    assert "waits for the approval of a second person" in words(desk.get().text)
