"""The editor: new templates, new versions, the form and its JSON, and what is wrong at which field."""

from __future__ import annotations

import html
import json
import re
from typing import Any

import pytest

from control_ui.models import ConfigTemplate, TemplateVersion
from control_ui.models.people import Role
from control_ui.services.configuration import schema
from tests.control_ui.pages.configuration.conftest import BODY, Desk, form_of

RICH: dict[str, Any] = {
    "body": {
        "rtsp_url": "{{ camera.url }}",
        "snapshot_interval_seconds": "{{ device.labels.interval | int }}",
        "jpeg_quality": 70,
        "stale_after_seconds": 60.5,
        "rtsp_transport": "udp",
        "control_url": None,
        "cors_origins": ["https://a.test", "https://b.test"],
        "api_keys": [{"name": "till", "sha256": "a" * 64}, {"name": "bay", "sha256": "b" * 64}],
        "thresholds": {"temperature_celsius": 75},
        "self_healing": {"reboot": True},
    },
    "overlays": {"dev": {"log_level": "DEBUG", "api_keys": "{{ device.api_keys }}"}, "staging": {"jpeg_quality": None}},
}


def edit(desk: Desk) -> str:
    return f"/configuration/templates/{desk.template.id}/edit"


def json_of(text: str) -> Any:
    """What stands in the JSON view."""
    found = re.search(r'<textarea class="code" id="json"[^>]*>(.*?)</textarea>', text, re.S)
    assert found, "the JSON view is not shown"
    return json.loads(html.unescape(found[1]))


def fields_of(text: str) -> dict[str, list[str]]:
    """What a browser would send of the editor."""
    text = text[text.index('id="editor"') :]
    sent: dict[str, list[str]] = {}
    for tag in re.finditer(r"<input (?P<input>[^>]*)>|<textarea (?P<area>[^>]*)>(?P<text>.*?)</textarea>"
                           r"|<select (?P<select>[^>]*)>(?P<options>.*?)</select>", text, re.S):  # fmt: skip
        attributes = tag["input"] or tag["area"] or tag["select"]
        name = re.search(r'name="([^"]+)"', attributes)
        if name is None:
            continue
        if tag["select"]:
            found = re.search(r'value="([^"]*)" selected', tag["options"]) or re.search(
                'value="([^"]*)"', tag["options"]
            )
            value = found[1] if found else ""
        elif tag["area"]:
            value = tag["text"]
        else:
            found = re.search(r'value="([^"]*)"', attributes)
            value = found[1] if found else ""
        sent.setdefault(name[1], []).append(html.unescape(value))
    return sent


def test_the_form_has_a_field_for_every_setting_of_the_schema(desk: Desk) -> None:
    text = desk.get(edit(desk)).text
    for name, spec in schema.layer_schema()["properties"].items():
        for one in spec["properties"] if spec.get("type") == "object" else [""]:
            setting = f"{name}.{one}" if one else name
            for layer in ("base", "dev", "staging", "production"):
                assert f'name="{layer}/{setting}/mode"' in text, (layer, setting)
        assert html.escape(spec["description"], quote=False)[:20] in text
    assert 'placeholder="1920"' in text, "the default is shown"
    assert "64 to 8,192." in text


def test_a_new_setting_in_the_schema_is_in_the_form_by_itself(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    from control_ui.views.pages.configuration import fields

    gain = {"type": "number", "title": "Gain at night", "x-unit": "dB"}
    changed = {"properties": {**schema.layer_schema()["properties"], "night_gain": gain}}
    monkeypatch.setattr(schema, "layer_schema", lambda: changed)
    fields.parts.cache_clear()
    try:
        text = desk.get(edit(desk)).text
    finally:
        fields.parts.cache_clear()
    assert "Gain at night" in text
    assert "<span>dB</span>" in text
    assert 'name="base/night_gain/value"' in text


def test_what_is_saved_is_a_new_version_with_its_note(desk: Desk) -> None:
    sent = form_of({**BODY, "jpeg_quality": 70}, note="Smaller pictures", description="As it was")
    answer = desk.post(edit(desk), sent)
    assert answer.status_code == 303
    assert answer.headers["Location"] == f"/configuration/templates/{desk.template.id}"
    newest = desk.rows(TemplateVersion)[-1]
    assert (newest.number, newest.note, newest.body) == (2, "Smaller pictures", {**BODY, "jpeg_quality": 70})
    assert newest.created_by_id == desk.cast[Role.OPERATOR].id
    assert "Version 2 of Standard is saved" in desk.get("/configuration").text


def test_saving_what_is_there_already_makes_no_version(desk: Desk) -> None:
    desk.post(edit(desk), form_of({**BODY, "jpeg_quality": 60}))
    row_version = str(desk.rows(ConfigTemplate)[0].row_version)
    desk.post(edit(desk), form_of({**BODY, "jpeg_quality": 60}, row_version=row_version))
    assert [one.number for one in desk.rows(TemplateVersion) if one.template_id == desk.template.id] == [1, 2]
    assert "no new version was needed" in desk.get("/configuration").text


def test_a_template_is_made_from_scratch_and_as_a_copy(desk: Desk) -> None:
    assert "{{ camera.url }}" in desk.get("/configuration/templates/new").text
    copy = desk.get(f"/configuration/templates/new?copy_of={desk.template.id}").text
    assert "Standard (copy)" in copy
    assert "Copied from Standard, version 1" in copy
    answer = desk.post("/configuration/templates/new", form_of(BODY, name="Night", note="first"))
    assert answer.status_code == 303
    made = desk.rows(ConfigTemplate)[-1]
    assert (made.name, made.latest_number) == ("Night", 1)


def test_a_platform_administrator_says_for_which_tenant_it_is(desk: Desk) -> None:
    anyone = desk.as_(Role.PLATFORM_ADMIN)
    assert "Ours</option>" in anyone.get("/configuration/templates/new").text
    refused = anyone.post("/configuration/templates/new", form_of(BODY, name="Night"))
    assert refused.status_code == 422
    assert "say which tenant" in refused.text
    made = anyone.post("/configuration/templates/new", form_of(BODY, name="Night", tenant_id=desk.cast.tenant.id))
    assert made.status_code == 303
    assert desk.rows(ConfigTemplate)[-1].tenant_id == desk.cast.tenant.id


def test_every_kind_of_value_goes_through_the_form_and_json_unchanged(desk: Desk) -> None:
    as_json = {"kind": "template", "view": "json", "base": "{}", "row_version": "1", "name": "Standard"}
    form = desk.post(edit(desk), {**as_json, "json": json.dumps(RICH), "switch": "form"})
    assert form.status_code == 200
    assert 'name="base/thresholds.temperature_celsius/value" value="75"' in form.text
    back = desk.post(edit(desk), {**fields_of(form.text), "switch": "json"})
    assert json_of(back.text) == RICH


def test_what_is_no_json_stays_as_it_was_typed_with_the_place_of_the_fault(desk: Desk) -> None:
    sent = {"kind": "template", "view": "json", "json": '{"body": {"jpeg_quality": }', "switch": "form"}
    text = desk.post(edit(desk), sent).text
    assert "line 1, column 27" in text
    assert html.escape('{"body": {"jpeg_quality": }', quote=False).replace('"', "&#34;") in text


def test_json_that_no_form_can_show_stays_json_and_says_why(desk: Desk) -> None:
    sent = {"kind": "template", "view": "json", "json": '{"body": {"speed": 5}}', "switch": "form"}
    text = desk.post(edit(desk), sent).text
    assert json_of(text) == {"body": {"speed": 5}}
    assert "$.body.speed" in text
    assert "is not a setting of the configuration schema" in text


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("jpeg_quality", "101", "It must be at most 100"),
        ("jpeg_quality", "much", "It must be a whole number"),
        ("jpeg_quality", "", "It must be a whole number"),
        ("rtsp_url", "http://camera", "It must be an rtsp:// or rtsps:// address"),
        ("rtsp_url", "rtsp://a:secret@camera/", "It holds a password or token in clear"),
        ("cors_origins", "https://a.test/path", "Entry 1 must fit the pattern"),
    ],
)
def test_a_fault_is_told_at_its_field_while_somebody_edits(desk: Desk, field: str, value: str, words: str) -> None:
    sent = form_of(BODY) | {f"base/{field}/mode": "value", f"base/{field}/value": value}
    answer = desk.post("/configuration/check", sent)
    assert answer.status_code == 200
    slot = answer.text.split(f'id="state-base-{field}"')[1].split("</div>")[0]
    assert words in html.unescape(slot)


def test_an_expression_is_checked_too_and_its_type(desk: Desk) -> None:
    sent = form_of(BODY) | {"base/jpeg_quality/mode": "expression", "base/jpeg_quality/text": "{{ site.name }}"}
    assert "this expression gives text" in desk.post("/configuration/check", sent).text
    sent |= {"base/jpeg_quality/text": "{{ camera.port }}"}
    assert 'class="fault"' not in desk.post("/configuration/check", sent).text


def test_an_overlay_tells_what_it_overrides(desk: Desk) -> None:
    sent = form_of(BODY) | {"dev/jpeg_quality/mode": "value", "dev/jpeg_quality/value": "40"}
    text = desk.post("/configuration/check", sent).text
    slot = text.split('id="state-dev-jpeg_quality"')[1].split("</div>")[0]
    assert "Overrides all environments: <code>85</code>" in slot
    assert 'id="badge-dev" hx-swap-oob="true">1<' in text


def test_what_cannot_be_saved_is_shown_again_as_it_was_entered(desk: Desk) -> None:
    sent = form_of({**BODY, "jpeg_quality": "900"}, name="A new name", note="my note", description="my words")
    answer = desk.post(edit(desk), sent)
    assert answer.status_code == 422
    for words in ("A new name", "my note", "my words", 'value="900"', "It must be at most 100"):
        assert words in answer.text, words
    assert len(desk.rows(TemplateVersion)) == 2


def test_a_taken_name_is_told_at_the_name(desk: Desk) -> None:
    answer = desk.post("/configuration/templates/new", form_of(BODY, name="Standard", note="kept"))
    assert answer.status_code == 409
    assert "There is a template Standard already" in answer.text
    assert "It is taken" in answer.text
    assert "kept" in answer.text


def test_words_that_are_missing_or_too_long_are_told(desk: Desk) -> None:
    answer = desk.post("/configuration/templates/new", form_of(BODY, name=" ", note="x" * 2001))
    assert answer.status_code == 422
    assert "It is missing" in answer.text
    assert "It must have at most 2000 characters" in answer.text


@pytest.mark.parametrize("role", [Role.VIEWER, Role.AUDITOR])
def test_who_may_only_look_can_edit_nothing(desk: Desk, role: Role) -> None:
    viewer = desk.as_(role)
    assert viewer.get(edit(desk)).status_code == 403
    assert viewer.get("/configuration/templates/new").status_code == 403
    assert viewer.post(edit(desk), form_of(BODY)).status_code == 403
    assert viewer.post("/configuration/templates/new", form_of(BODY, name="x")).status_code == 403


def test_a_form_without_its_token_changes_nothing(desk: Desk) -> None:
    assert desk.client.post(edit(desk), data=form_of({**BODY, "jpeg_quality": 3})).status_code == 400
    assert len(desk.rows(TemplateVersion)) == 2
