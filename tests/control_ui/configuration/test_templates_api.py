"""Templates over the API: versions that never change, names, the archive."""

from __future__ import annotations

from typing import Any

import pytest

from control_ui.models import AuditEntry, TemplateVersion
from tests.control_ui import factories
from tests.control_ui.configuration.conftest import Office, faults_of

BODY = {"jpeg_quality": 70, "rtsp_url": "{{ camera.url }}"}


def created(office: Office, name: str = "standard", **values: Any) -> str:
    """The path of a new template."""
    answer = office.post("/templates", {"name": name, "body": BODY} | values)
    assert answer.status_code == 201, answer.text
    return f"/templates/{answer.get_json()['id']}"


def audited(office: Office) -> list[tuple[str, str, Any]]:
    entries = sorted(office.rows(AuditEntry), key=lambda entry: entry.sequence)
    return [(entry.action, entry.reason, entry.after) for entry in entries]


def test_a_new_template_is_version_one_and_is_shown_whole(office: Office) -> None:
    overlays = {"staging": {"jpeg_quality": 50}}
    path = created(office, description="For all", overlays=overlays, note="first", reason="new")
    answer = office.get(path)
    shown = answer.get_json()
    assert (shown["name"], shown["description"], shown["latest_number"]) == ("standard", "For all", 1)
    assert (shown["body"], shown["overlays"], shown["note"]) == (BODY, overlays, "first")
    assert answer.headers["ETag"] == f'"{shown["row_version"]}"'
    ((action, reason, after),) = audited(office)
    assert (action, reason, after["body"]) == ("template.create", "new", BODY)


def test_an_edit_is_a_new_version_and_the_old_one_stays(office: Office) -> None:
    path = created(office)
    answer = office.put(
        path, {"body": {"jpeg_quality": 80}, "note": "sharper", "reason": "asked for"}, office.etag(path)
    )
    assert (answer.status_code, answer.get_json()["latest_number"]) == (200, 2)
    assert answer.headers["ETag"] == office.etag(path)
    assert office.get(f"{path}/versions/1").get_json()["body"] == BODY
    second = office.get(f"{path}/versions/2").get_json()
    assert (second["body"], second["note"], second["created_by_id"]) == (
        {"jpeg_quality": 80},
        "sharper",
        office.user.id,
    )
    assert second["difference"]["changes"] == [
        {"path": "$.jpeg_quality", "before": 70, "after": 80, "origin": None, "secret": False},
        {"path": "$.rtsp_url", "before": "{{ camera.url }}", "after": None, "origin": None, "secret": False},
    ]
    assert [one["number"] for one in office.get(f"{path}/versions").get_json()["items"]] == [2, 1]
    assert audited(office)[-1][:2] == ("template.update", "asked for")


def test_equal_content_makes_no_version_and_no_entry(office: Office) -> None:
    path = created(office)
    etag = office.etag(path)
    answer = office.put(path, {"body": dict(reversed(BODY.items())), "note": "nothing new"}, etag)
    assert (answer.status_code, answer.get_json()["latest_number"], answer.headers["ETag"]) == (200, 1, etag)
    assert [action for action, *_ in audited(office)] == ["template.create"]


def test_name_and_description_change_without_a_version(office: Office) -> None:
    path = created(office)
    answer = office.put(path, {"name": "new name", "description": "d", "body": BODY}, office.etag(path))
    assert (answer.get_json()["name"], answer.get_json()["latest_number"]) == ("new name", 1)
    assert audited(office)[-1][2]["name"] == "new name"


def test_a_name_is_taken_once(office: Office) -> None:
    created(office)
    other = created(office, "other")
    assert office.post("/templates", {"name": "standard", "body": {}}).status_code == 409
    assert office.put(other, {"name": "standard", "body": {}}, office.etag(other)).status_code == 409
    assert office.get(other).get_json()["latest_number"] == 1


def test_an_edit_shows_what_it_has_read(office: Office) -> None:
    path = created(office)
    assert office.put(path, {"body": {}}, None).status_code == 428
    assert office.put(path, {"body": {}}, '"99"').status_code == 412
    assert office.get(path).get_json()["latest_number"] == 1


def test_every_fault_is_told_by_its_path_and_nothing_is_kept(office: Office) -> None:
    content = {
        "name": "broken",
        "body": {"jpeg_quality": 0, "colour": 1, "log_level": "{{ device.mood }}"},
        "overlays": {"staging": {"max_width": "wide"}},
    }
    faults = faults_of(office.post("/templates", content))
    assert set(faults) == {
        "$.body.jpeg_quality", "$.body.colour", "$.body.log_level", "$.overlays.staging.max_width",
    }  # fmt: skip
    assert "there are device.name" in faults["$.body.log_level"]
    assert office.rows(TemplateVersion) == []


def test_an_overlay_for_an_environment_that_is_not_there_is_refused(office: Office) -> None:
    faults = faults_of(office.post("/templates", {"name": "x", "body": {}, "overlays": {"prod": {}}}))
    assert set(faults) == {"$.overlays.prod"}


@pytest.mark.parametrize("field", ["name", "description", "note"])
def test_words_hold_no_credentials_either(office: Office, field: str) -> None:
    sent = {"name": "x", "body": {}} | {field: "see rtsp://viewer:hunter2@cam/"}
    answer = office.post("/templates", sent)
    assert set(faults_of(answer)) == {f"$.{field}"}
    assert "hunter2" not in answer.text


def test_a_template_in_use_is_not_archived(office: Office) -> None:
    path = created(office)
    office.device.template_id = int(path.rpartition("/")[2])
    office.session.commit()
    answer = office.post(f"{path}/archive", {}, office.etag(path))
    assert answer.status_code == 409
    assert "1 devices use" in answer.get_json()["detail"]


def test_an_archived_template_is_out_of_sight_and_of_use_until_it_is_taken_out(office: Office) -> None:
    path = created(office)
    assert office.post(f"{path}/archive", {"reason": "old"}, office.etag(path)).get_json()["archived_at"]
    assert office.get("/templates").get_json()["items"] == []
    assert [one["name"] for one in office.get("/templates?archived=1").get_json()["items"]] == ["standard"]
    assert office.put(path, {"body": {}}, office.etag(path)).status_code == 409
    config = f"/devices/{office.device.id}/config"
    template_id = int(path.rpartition("/")[2])
    assert faults_of(office.put(config, {"template_id": template_id}, office.etag(config))) == {
        "$.template_id": "is archived"
    }
    assert office.post(f"{path}/unarchive", {}, office.etag(path)).get_json()["archived_at"] is None
    assert office.put(config, {"template_id": template_id}, office.etag(config)).status_code == 202
    assert [action for action, *_ in audited(office)][1:3] == ["template.archive", "template.unarchive"]


def test_archiving_twice_is_like_once(office: Office) -> None:
    path = created(office)
    for _ in range(2):
        assert office.post(f"{path}/archive", {}, office.etag(path)).status_code == 200
    assert [action for action, *_ in audited(office)] == ["template.create", "template.archive"]


def test_templates_are_listed_by_name_and_found_by_a_part_of_it(office: Office) -> None:
    for name in ("b standard", "a standard", "c special"):
        created(office, name)
    first = office.get("/templates?limit=2").get_json()
    assert [one["name"] for one in first["items"]] == ["a standard", "b standard"]
    rest = office.get(f"/templates?limit=2&cursor={first['next']}").get_json()
    assert ([one["name"] for one in rest["items"]], rest["next"]) == (["c special"], None)
    assert [one["name"] for one in office.get("/templates?text=spec").get_json()["items"]] == ["c special"]


def test_what_is_not_there_or_of_another_tenant_is_not_found(office: Office) -> None:
    theirs = factories.template(office.session, factories.tenant(office.session))
    office.session.commit()
    for path in (f"/templates/{theirs.template_id}", "/templates/9999"):
        assert office.get(path).status_code == 404
        assert office.get(f"{path}/versions").status_code == 404
        assert office.put(path, {"body": {}}, '"1"').status_code == 404
    assert office.get(f"{created(office)}/versions/2").status_code == 404
