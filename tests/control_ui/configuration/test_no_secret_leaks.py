"""A camera's password, and credentials that people write where they do not belong: none is found in clear in the
database, in an answer or in the log."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from werkzeug.test import TestResponse

from control_ui.models import ConfigVersion, Device
from control_ui.models.scope import ScopedSession
from control_ui.services import actor
from control_ui.services.configuration import versions
from tests.control_ui import factories
from tests.control_ui.configuration.conftest import Office
from tests.control_ui.conftest import NOW
from tests.control_ui.secrets_hunt import everything_in, traces_of

PASSWORD = "pass wörd/of@the:camera"
PLANTED = "planted-hunter2"
IN_SETTINGS: list[dict[str, Any]] = [
    {"rtsp_url": f"rtsp://viewer:{PLANTED}@192.0.2.7/"},
    {"rtsp_url": f"rtsp://{{{{ camera.user }}}}:{PLANTED}@192.0.2.7/"},
    {"rtsp_url": f"rtsp://192.0.2.7/?password={PLANTED}"},
    {"rtsp_url": f"rtsp://{{{{ 'u:{PLANTED}@h' }}}}/"},
    {"control_url": f"https://admin:{PLANTED}@control.test"},
    {"device_token_file": PLANTED},
    {"jpeg_quality": PLANTED},
    {"log_level": f"{{{{ '{PLANTED}' {PLANTED} }}}}"},
    {"log_level": f"{{{{ {PLANTED.replace('-', '_')} | {PLANTED.replace('-', '_')} }}}}"},
    {"api_keys": [{"name": "till", "sha256": PLANTED}]},
    {"api_keys": [{"name": "till", "key": PLANTED}]},
    {"cors_origins": [PLANTED]},
    {f"rtsp://u:{PLANTED}@h": 1},
]
WORDS = f"I used rtsp://viewer:{PLANTED}@192.0.2.7/ and password={PLANTED}"


@pytest.fixture
def answers() -> list[TestResponse]:
    return []


@pytest.fixture
def hunted(
    office: Office, caplog: pytest.LogCaptureFixture, answers: list[TestResponse], monkeypatch: pytest.MonkeyPatch
) -> Office:
    """An office whose answers are all kept, and whose device has the password that is looked for."""
    (device,) = office.rows(Device)
    device.camera_password = PASSWORD
    office.session.commit()
    caplog.set_level(logging.DEBUG)
    open_ = office.client.open

    def keep(*arguments: Any, **named: Any) -> TestResponse:
        answers.append(open_(*arguments, **named))
        return answers[-1]

    monkeypatch.setattr(office.client, "open", keep)
    return office


def everywhere(office: Office, answers: list[TestResponse], caplog: pytest.LogCaptureFixture) -> list[str]:
    return [everything_in(office.session), caplog.text, *(f"{answer.headers}{answer.text}" for answer in answers)]


def test_the_hunt_finds_what_is_there(session: ScopedSession) -> None:
    """Or it would prove nothing."""
    tenant = factories.tenant(session)
    factories.site(session, tenant, name=f"at {PLANTED}")
    factories.device(session, tenant, labels={"word": PASSWORD})
    factories.device(session, tenant, labels={"url": "rtsp://u:pass%20w%C3%B6rd%2Fof%40the%3Acamera@h"})
    session.commit()
    kept = everything_in(session)
    assert traces_of(PLANTED, kept)
    assert len(traces_of(PASSWORD, kept)) >= 2
    assert traces_of("never written anywhere", kept) == []


def test_the_cameras_password_is_shown_nowhere_on_its_whole_way(
    hunted: Office, answers: list[TestResponse], caplog: pytest.LogCaptureFixture
) -> None:
    office = hunted
    template = office.post("/templates", {"name": "standard", "body": {"rtsp_url": "{{ camera.url }}/1"}}).get_json()
    config = f"/devices/{office.device.id}/config"
    first = {"template_id": template["id"], "deploy": True}
    assert office.put(config, first, office.etag(config)).status_code == 202
    wrong = {"config_override": {"rtsp_url": "x{{ camera.url }}"}}
    for body in ({}, wrong, {"config_override": {"rtsp_url": "{{ camera.url }}{{ device.labels.no }}"}}):
        office.post(f"{config}/preview", body)
    refused = office.put(config, wrong | {"deploy": True}, office.etag(config))
    assert refused.status_code == 422
    path = f"/templates/{template['id']}"
    office.put(path, {"body": {"jpeg_quality": 7}}, office.etag(path))
    assert office.put(config, {"deploy": True}, office.etag(config)).status_code == 202
    for number in (1, 2):
        assert office.get(f"{config}/versions/{number}").status_code == 200
    sides = {"left": {"kind": "version", "device_id": office.device.id, "number": 1}}
    office.post("/configuration/diff", sides | {"right": {"kind": "now", "device_id": office.device.id}})
    office.get(config)
    (old, _) = office.rows(ConfigVersion)
    (device,) = office.rows(Device)
    restored = versions.restore(office.session, device, old, actor=actor.system("a test"), reason="", now=NOW)
    office.session.commit()
    assert "pass%20w%C3%B6rd" in restored.document["rtsp_url"], "the Pi does get it"
    assert traces_of(PASSWORD, *everywhere(office, answers, caplog)) == []


@pytest.mark.parametrize("planted", IN_SETTINGS, ids=lambda planted: next(iter(planted)))
def test_a_credential_in_settings_is_kept_and_told_nowhere(
    hunted: Office, answers: list[TestResponse], caplog: pytest.LogCaptureFixture, planted: dict[str, Any]
) -> None:
    office = hunted
    group = factories.group(office.session, office.tenant)
    office.session.commit()
    config, group_config = f"/devices/{office.device.id}/config", f"/groups/{group.id}/config"
    refused = [
        office.post("/templates", {"name": "a", "body": planted}),
        office.post("/templates", {"name": "b", "body": {}, "overlays": {"staging": planted}}),
        office.put(config, {"config_override": planted}, office.etag(config)),
        office.put(config, {"config_override": planted, "deploy": True}, office.etag(config)),
        office.put(group_config, {"config_override": planted}, office.etag(group_config)),
        office.post(f"{config}/preview", {"config_override": planted}),
    ]
    template = office.post("/templates", {"name": "c", "body": {}}).get_json()
    path = f"/templates/{template['id']}"
    refused.append(office.put(path, {"body": planted}, office.etag(path)))
    assert [answer.status_code for answer in refused] == [422] * len(refused)
    assert all(answer.get_json()["faults"] for answer in refused)
    assert traces_of(PLANTED, *everywhere(office, answers, caplog)) == []


def test_a_credential_in_words_is_refused_or_masked(
    hunted: Office, answers: list[TestResponse], caplog: pytest.LogCaptureFixture
) -> None:
    office = hunted
    for words in ({"name": WORDS}, {"description": WORDS}, {"note": WORDS}):
        assert office.post("/templates", {"name": "x", "body": {}} | words).status_code == 422
    created = office.post("/templates", {"name": "y", "body": {}, "reason": WORDS})
    assert created.status_code == 201
    path, config = f"/templates/{created.get_json()['id']}", f"/devices/{office.device.id}/config"
    office.put(path, {"body": {"jpeg_quality": 5}, "reason": WORDS}, office.etag(path))
    office.post(f"{path}/archive", {"reason": WORDS}, office.etag(path))
    office.put(config, {"deploy": True, "config_override": {"max_width": 640}, "reason": WORDS}, office.etag(config))
    assert office.get(f"{config}/versions/1").get_json()["reason"].count("***") == 2
    assert traces_of(PLANTED, *everywhere(office, answers, caplog)) == []


def test_a_credential_in_a_request_that_makes_no_sense_is_not_told(
    hunted: Office, answers: list[TestResponse], caplog: pytest.LogCaptureFixture
) -> None:
    office = hunted
    config = f"/devices/{office.device.id}/config"
    office.post("/templates", {"name": 7, "body": PLANTED})
    office.post("/templates", {"name": "x", "body": [PLANTED]})
    office.post("/configuration/diff", {"left": {"kind": PLANTED}, "right": PLANTED})
    office.put(config, {"config_override": PLANTED, "template_id": PLANTED}, office.etag(config))
    office.put(config, {"config_override": {}}, f'"{PLANTED}"')
    office.put(f"/groups/{10**12}/config", {"config_override": {"rtsp_url": f"rtsp://u:{PLANTED}@h"}}, '"1"')
    assert {answer.status_code for answer in answers} <= {200, 400, 404, 422}
    assert traces_of(PLANTED, *everywhere(office, answers, caplog)) == []


def test_a_credential_that_stands_in_a_devices_facts_reaches_no_configuration(
    hunted: Office, answers: list[TestResponse], caplog: pytest.LogCaptureFixture
) -> None:
    """Whoever let it in there: what is made from it is refused, and shown masked."""
    office = hunted
    (device,) = office.rows(Device)
    device.camera_path = f"/user=viewer&password={PLANTED}"
    office.session.commit()
    config = f"/devices/{office.device.id}/config"
    assert office.post(f"{config}/preview", {}).get_json()["faults"][0]["path"] == "$.rtsp_url"
    assert office.put(config, {"deploy": True}, office.etag(config)).status_code == 422
    assert office.rows(ConfigVersion) == []
    assert traces_of(PLANTED, *everywhere(office, answers, caplog)) == []
