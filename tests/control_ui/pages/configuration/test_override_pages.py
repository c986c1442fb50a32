"""What groups and single sites lay over the templates."""

from __future__ import annotations

import re
from typing import Any

from control_ui.models import AuditEntry, ConfigVersion, Device, Group, Tenant
from control_ui.models.people import Role
from tests.control_ui.pages.browser import main_of
from tests.control_ui.pages.configuration.conftest import Desk


def override(**settings: Any) -> dict[str, Any]:
    sent: dict[str, Any] = {"kind": "override", "view": "form", "base": "{}", "row_version": "1"}
    for name, value in settings.items():
        sent |= {f"override/{name}/mode": "value", f"override/{name}/value": str(value)}
    return sent


def test_what_lies_over_the_templates_is_listed(desk: Desk) -> None:
    desk.group.config_override = {"jpeg_quality": 66}
    desk.devices[1].config_override = {"max_width": 640}
    desk.session.commit()
    text = desk.get("/configuration/overrides").text
    for words in ("Hills", "<code>jpeg_quality</code>", "Blue 2", "<code>max_width</code>"):
        assert words in text, words
    assert "Blue 1" not in text


def test_a_site_is_opened_by_its_name(desk: Desk) -> None:
    answer = desk.get("/configuration/overrides/site?device=Blue+3")
    assert answer.headers["Location"] == f"/configuration/devices/{desk.devices[2].id}"
    assert desk.get("/configuration/overrides/site?device=x").status_code == 422


def test_the_override_of_a_group_is_saved_with_its_reason(desk: Desk) -> None:
    path = f"/configuration/groups/{desk.group.id}"
    text = desk.get(path).text
    assert "Laid over the templates of 1 site, with priority 5" in text
    assert "Save for 1 site" in text
    assert desk.post(path, override(jpeg_quality=50) | {"reason": "dark hills"}).status_code == 303
    assert desk.rows(Group)[0].config_override == {"jpeg_quality": 50}
    (entry,) = [one for one in desk.rows(AuditEntry) if one.action == "group.configure"]
    assert entry.reason == "dark hills"


def test_faults_of_an_override_are_at_their_fields_and_nothing_is_lost(desk: Desk) -> None:
    answer = desk.post(f"/configuration/groups/{desk.group.id}", override(jpeg_quality=500) | {"reason": "kept"})
    assert answer.status_code == 422
    assert 'id="fault-override-jpeg_quality">It must be at most 100' in answer.text
    assert 'value="500"' in answer.text
    assert 'value="kept"' in answer.text
    assert desk.rows(Group)[0].config_override == {}


def test_a_site_gets_its_override_with_the_next_deployment_or_at_once(desk: Desk) -> None:
    path = f"/configuration/devices/{desk.devices[0].id}"
    sent = override(jpeg_quality=50) | {"template_id": desk.template.id}
    assert desk.post(path, sent).status_code == 303
    assert desk.rows(Device)[0].config_override == {"jpeg_quality": 50}
    assert len(desk.rows(ConfigVersion)) == 2
    again = override(jpeg_quality=51) | {"template_id": desk.template.id, "row_version": "2", "deploy": "1"}
    assert desk.post(path, again).status_code == 303
    assert desk.rows(ConfigVersion)[-1].shown["jpeg_quality"] == 51
    assert "is to have configuration 2" in desk.get("/configuration").text


def test_what_the_whole_configuration_cannot_have_is_told_at_the_field(desk: Desk) -> None:
    sent = override(stale_after_seconds=2) | {"template_id": desk.template.id, "deploy": "1"}
    answer = desk.post(f"/configuration/devices/{desk.devices[0].id}", sent)
    assert answer.status_code == 422
    assert 'id="fault-override-stale_after_seconds">It is 2, less than' in answer.text
    assert desk.rows(Device)[0].config_override == {}


def test_one_site_alone_is_not_changed_at_once_where_four_eyes_are_wanted(desk: Desk) -> None:
    for tenant in desk.rows(Tenant):
        tenant.requires_approval = True
    desk.session.commit()
    sent = override(jpeg_quality=50) | {"template_id": desk.template.id, "deploy": "1"}
    answer = desk.post(f"/configuration/devices/{desk.devices[0].id}", sent)
    assert answer.status_code == 409
    assert "wants four eyes on every change" in answer.text


def test_a_viewer_is_shown_what_an_override_holds_and_no_field_to_change_it_in(desk: Desk) -> None:
    desk.group.config_override = desk.devices[0].config_override = {"jpeg_quality": 66}
    desk.session.commit()
    viewer = desk.as_(Role.VIEWER)
    for path in (f"/configuration/groups/{desk.group.id}", f"/configuration/devices/{desk.devices[0].id}"):
        text = main_of(viewer.get(path).text)
        assert "JPEG quality" in text
        assert "<code>66</code>" in text
        shown = re.findall(r'<(?:input|select|textarea)(?! type="hidden")[^>]* name="([^"]+)"', text)
        assert set(shown) <= {"preview_device"}


def test_a_viewer_reads_overrides_and_saves_none(desk: Desk) -> None:
    viewer = desk.as_(Role.VIEWER)
    for path in (f"/configuration/groups/{desk.group.id}", f"/configuration/devices/{desk.devices[0].id}"):
        assert "Save for" not in viewer.get(path).text
        assert viewer.post(path, override(jpeg_quality=50)).status_code == 403
    assert desk.rows(Group)[0].config_override == {}
