"""Two people edit the same at once: the second is told, and nothing that was entered is lost."""

from __future__ import annotations

import json

from control_ui.models import Device, Group, TemplateVersion
from tests.control_ui.pages.configuration.conftest import BODY, Desk, form_of

BASE = json.dumps({"body": BODY, "overlays": {}})


def edit(desk: Desk) -> str:
    return f"/configuration/templates/{desk.template.id}/edit"


def test_the_second_sees_what_the_first_changed_and_keeps_what_was_entered(desk: Desk) -> None:
    first = form_of({**BODY, "jpeg_quality": 60, "max_width": 800}, base=BASE, note="by the first")
    assert desk.post(edit(desk), first).status_code == 303
    mine = form_of({**BODY, "jpeg_quality": 95, "history_size": 7}, base=BASE, note="by the second")
    answer = desk.post(edit(desk), mine)
    assert answer.status_code == 412
    text = answer.text
    assert "nothing of yours is lost" in text
    assert "A operator made version 2 (by the first) while you were editing." in text
    assert "by the second" in text
    assert 'name="base/jpeg_quality/value" value="95"' in text, "mine stands where both have changed it"
    assert 'name="base/history_size/value" value="7"' in text
    assert 'name="base/max_width/value" value="800"' in text, "theirs stands where I changed nothing"
    assert "Save as version 3" in text
    assert [one.number for one in desk.rows(TemplateVersion) if one.template_id == desk.template.id] == [1, 2]


def test_having_seen_it_the_second_can_save(desk: Desk) -> None:
    desk.post(edit(desk), form_of({**BODY, "jpeg_quality": 60}, base=BASE))
    conflict = desk.post(edit(desk), form_of({**BODY, "history_size": 7}, base=BASE))
    row_version = conflict.text.split('name="row_version" value="')[1].split('"')[0]
    merged = form_of({**BODY, "jpeg_quality": 60, "history_size": 7}, base=BASE, row_version=row_version)
    assert desk.post(edit(desk), merged).status_code == 303
    assert desk.rows(TemplateVersion)[-1].body == {**BODY, "jpeg_quality": 60, "history_size": 7}


def test_what_was_taken_away_meanwhile_is_taken_away_here_too(desk: Desk) -> None:
    shorter = {name: value for name, value in BODY.items() if name != "jpeg_quality"}
    desk.post(edit(desk), form_of(shorter, base=BASE))
    text = desk.post(edit(desk), form_of({**BODY, "history_size": 7}, base=BASE)).text
    assert "left out" in text
    assert 'name="base/jpeg_quality/value" value=""' in text


def test_a_group_has_the_same_guard(desk: Desk) -> None:
    path = f"/configuration/groups/{desk.group.id}"
    form = {"kind": "override", "view": "form", "base": "{}", "row_version": "1"}
    first = form | {"override/jpeg_quality/mode": "value", "override/jpeg_quality/value": "60"}
    assert desk.post(path, first).status_code == 303
    second = form | {"override/max_width/mode": "value", "override/max_width/value": "640", "reason": "hills"}
    answer = desk.post(path, second)
    assert answer.status_code == 412
    assert 'name="override/max_width/value" value="640"' in answer.text
    assert 'name="override/jpeg_quality/value" value="60"' in answer.text
    assert "hills" in answer.text
    assert desk.rows(Group)[0].config_override == {"jpeg_quality": 60}


def test_a_site_has_it_too(desk: Desk) -> None:
    path = f"/configuration/devices/{desk.devices[0].id}"
    form = {"kind": "override", "view": "form", "base": "{}", "template_id": str(desk.template.id)}
    first = form | {"row_version": "1", "override/jpeg_quality/mode": "value", "override/jpeg_quality/value": "60"}
    assert desk.post(path, first).status_code == 303
    assert desk.post(path, first | {"override/jpeg_quality/value": "61"}).status_code == 412
    assert desk.rows(Device)[0].config_override == {"jpeg_quality": 60}
