"""The library of templates, and the page of one."""

from __future__ import annotations

from datetime import timedelta

from control_ui.models import AuditEntry, ConfigTemplate
from control_ui.models.people import Role
from tests.control_ui import factories
from tests.control_ui.conftest import NOW
from tests.control_ui.pages.configuration.conftest import Desk


def test_each_template_is_shown_with_its_latest_version_and_how_many_sites_have_it(desk: Desk) -> None:
    text = desk.get("/configuration").text
    assert "Standard" in text
    assert "Low bandwidth" in text
    assert "What most run" in text
    assert 'data-name="Standard, version 1"' in text
    assert '<td class="number">2</td>' in text
    assert "2 the latest" in text


def test_what_is_wanted_no_more_is_not_counted(desk: Desk) -> None:
    for device in desk.devices[:2]:
        device.state.desired_expires_at = NOW - timedelta(days=900)
        device.state.config_version = None
    desk.session.commit()
    assert '<td class="number">0</td>' in desk.get("/configuration").text


def test_a_library_without_templates_says_what_to_do_first(desk: Desk) -> None:
    for template in desk.rows(ConfigTemplate):
        template.archived_at = NOW
    desk.session.commit()
    assert "No templates yet" in desk.get("/configuration").text
    assert "Standard" in desk.get("/configuration?archived=1").text


def test_templates_are_found_by_a_part_of_their_name(desk: Desk) -> None:
    text = desk.get("/configuration?text=band").text
    assert "Low bandwidth" in text
    assert "What most run" not in text
    assert "No template has that in its name" in desk.get("/configuration?text=nothing").text


def test_the_targets_to_drop_on_tell_how_many_sites_they_have(desk: Desk) -> None:
    text = desk.get("/configuration").text
    for key in ("all", "region:west", "region:south", "ring:canary", "environment:staging", f"group:{desk.group.id}"):
        assert f'data-to="{key}"' in text, key
    assert 'data-to="devices:1,2"' in desk.get("/configuration?devices=2,1,none,0").text


def test_a_viewer_sees_the_library_and_nothing_to_change_it_with(desk: Desk) -> None:
    viewer = desk.as_(Role.VIEWER)
    for path in ("/configuration", f"/configuration/templates/{desk.template.id}"):
        text = viewer.get(path).text
        assert "Standard" in text
        for forbidden in ("draggable", "data-to=", "/configuration/deploy", "Edit</a>", "Archive</a>"):
            assert forbidden not in text, (path, forbidden)


def test_the_page_of_a_template_tells_what_every_layer_says(desk: Desk) -> None:
    version = factories.template(
        desk.session, desk.cast.tenant, {"jpeg_quality": 70}, name="Layered", overlays={"dev": {"log_level": "DEBUG"}}
    )
    desk.session.commit()
    text = desk.get(f"/configuration/templates/{version.template_id}").text
    assert "JPEG quality" in text
    assert "<code>70</code>" in text
    assert "<code>DEBUG</code>" in text


def test_archiving_asks_first_and_is_written_down(desk: Desk) -> None:
    other = next(one for one in desk.rows(ConfigTemplate) if one.name == "Low bandwidth")
    path = f"/configuration/templates/{other.id}/archive"
    assert "Archive Low bandwidth?" in desk.get(path).text
    answer = desk.post(path, {"archived": "1", "row_version": "1", "reason": "not used any more"})
    assert answer.status_code == 303
    assert next(one for one in desk.rows(ConfigTemplate) if one.id == other.id).archived_at is not None
    (entry,) = [one for one in desk.rows(AuditEntry) if one.action == "template.archive"]
    assert entry.reason == "not used any more"
    assert "Take Low bandwidth out of the archive?" in desk.get(path).text


def test_a_template_that_sites_use_is_not_archived_and_the_reason_is_kept(desk: Desk) -> None:
    path = f"/configuration/templates/{desk.template.id}/archive"
    answer = desk.post(path, {"archived": "1", "row_version": "1", "reason": "my words"})
    assert answer.status_code == 409
    assert "2 devices use the template Standard" in answer.text
    assert "my words" in answer.text
