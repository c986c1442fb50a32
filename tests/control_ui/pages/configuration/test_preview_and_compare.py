"""What a site would get, and how any two differ."""

from __future__ import annotations

import json

from control_ui.models.people import Role
from tests.control_ui.pages.configuration.conftest import BODY, Desk, form_of
from tests.control_ui.pages.configuration.test_editing import edit


def test_the_preview_tells_from_which_layer_each_value_comes(desk: Desk) -> None:
    desk.group.config_override = {"jpeg_quality": 66}
    desk.devices[0].config_override = {"max_width": 640}
    desk.session.commit()
    text = desk.get("/configuration/preview?device=wash-1").text
    for origin in ("Standard v1", "group Hills", "this site", "default", "system"):
        assert f">{origin}</span>" in text, origin
    assert "<code>66</code>" in text
    assert "now 85" in text
    assert "viewer:***@" in text


def test_no_password_is_in_any_of_these_pages(desk: Desk) -> None:
    password = desk.devices[0].camera_password
    assert password
    for path in ("preview?device=wash-1", "compare?left=device&left_device=wash-1&right=device&right_device=wash-2"):
        answer = desk.get(f"/configuration/{path}")
        assert answer.status_code == 200
        assert password not in answer.text


def test_faults_are_told_by_their_setting(desk: Desk) -> None:
    desk.devices[0].config_override = {"stale_after_seconds": 2}
    desk.session.commit()
    text = desk.get("/configuration/preview?device=Blue+1").text
    assert "cannot run this: 1 thing is wrong" in text
    assert "less than snapshot_interval_seconds" in text


def test_a_site_is_found_by_what_is_typed(desk: Desk) -> None:
    assert 'value="wash-2"' in desk.get("/configuration/sites?preview_device=blue+2").text
    assert 'value="wash-1"' not in desk.get("/configuration/sites?device=blue+2").text
    assert '<option value="Blue 2">wash-2</option>' in desk.get("/configuration/sites?site=blue+2").text
    answer = desk.get("/configuration/preview?device=nowhere")
    assert answer.status_code == 422
    assert "there is no site or device nowhere" in answer.text
    assert 'value="nowhere"' in answer.text


def test_a_draft_is_previewed_before_it_is_saved(desk: Desk) -> None:
    sent = form_of({**BODY, "jpeg_quality": 33}, preview_device="wash-2")
    text = desk.post("/configuration/preview", sent).text
    assert "<code>33</code>" in text
    assert ">this draft</span>" in text
    wrong = desk.post("/configuration/preview", form_of({"jpeg_quality": "999"}, preview_device="wash-2"))
    assert "cannot be used yet" in wrong.text


def test_a_draft_of_a_group_is_previewed_for_its_sites_only(desk: Desk) -> None:
    sent = {
        "kind": "override", "view": "form", "group_id": desk.group.id,
        "override/jpeg_quality/mode": "value", "override/jpeg_quality/value": "44",
    }  # fmt: skip
    text = desk.post("/configuration/preview", {**sent, "preview_device": "wash-1"}).text
    assert "<code>44</code>" in text
    assert "group Hills" in text
    assert (
        "wash-2 is not in the group Hills"
        in desk.post("/configuration/preview", {**sent, "preview_device": "wash-2"}).text
    )


def test_a_draft_of_a_site_is_previewed_for_itself(desk: Desk) -> None:
    sent = {
        "kind": "override", "view": "json", "device_id": desk.devices[0].id, "template_id": desk.template.id,
        "json": json.dumps({"jpeg_quality": 22}),
    }  # fmt: skip
    assert "<code>22</code>" in desk.post("/configuration/preview", sent).text


def test_two_versions_are_compared_by_setting_and_by_line(desk: Desk) -> None:
    desk.post(edit(desk), form_of({**BODY, "jpeg_quality": 60, "max_width": 800}))
    of = f"template:{desk.template.id}"
    path = f"/configuration/compare?left={of}&left_number=1&right={of}&right_number=2"
    text = desk.get(path).text
    assert "2 settings differ" in text
    assert '<del><span aria-hidden="true">\N{MINUS SIGN}</span> <code>85</code></del>' in text
    assert '<ins><span aria-hidden="true">+</span> <code>60</code></ins>' in text
    assert 'class="diff two-sided"' in text
    unified = desk.get(f"{path}&view=unified").text
    assert 'class="diff unified"' in unified
    lines = unified[unified.index('class="diff unified"') :]
    assert lines.index("&#34;jpeg_quality&#34;: 85") < lines.index("&#34;jpeg_quality&#34;: 60")
    assert lines.index("\N{MINUS SIGN}") < lines.index('sign new">+')


def test_a_template_is_compared_with_a_site_and_a_site_with_its_past(desk: Desk) -> None:
    of = f"template:{desk.template.id}"
    text = desk.get(f"/configuration/compare?left={of}&right=device&right_device=wash-2").text
    assert "Standard, version 1" in text
    assert "wash-2 now" in text
    past = desk.get(
        "/configuration/compare?left=device&left_device=wash-2&left_number=1&right=device&right_device=wash-2"
    )
    assert "wash-2, configuration 1" in past.text


def test_what_is_the_same_is_said_to_be(desk: Desk) -> None:
    of = f"template:{desk.template.id}"
    assert "No difference" in desk.get(f"/configuration/compare?left={of}&right={of}").text


def test_a_side_that_is_not_there_is_told(desk: Desk) -> None:
    of = f"template:{desk.template.id}"
    missing = desk.get(f"/configuration/compare?left={of}&left_number=99&right={of}")
    assert missing.status_code == 404
    assert "has no version 99" in missing.text
    answer = desk.get(f"/configuration/compare?left=device&left_device=none&right={of}")
    assert (answer.status_code, "there is no site or device none" in answer.text) == (422, True)
    assert "Choose two to compare" in desk.get("/configuration/compare").text


def test_viewers_may_look_at_all_of_it(desk: Desk) -> None:
    viewer = desk.as_(Role.VIEWER)
    for path in ("preview?device=wash-1", "compare", "overrides", f"groups/{desk.group.id}", "sites?device=blue"):
        assert viewer.get(f"/configuration/{path}").status_code == 200, path
