"""Every page of a row, asked for by another tenant's administrator."""

from __future__ import annotations

from flask import Flask

from control_ui.models import ConfigTemplate, Deployment, Device, Group
from tests.control_ui.pages.configuration.conftest import BODY, Desk, form_of
from tests.control_ui.pages.configuration.test_deploy_dialog import wish


def pages_of_rows(app: Flask) -> list[tuple[str, str]]:
    """Method and rule of every page of this section that is about a row."""
    return [
        (method, rule.rule)
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/configuration/") and rule.arguments and rule.methods
        for method in rule.methods & {"GET", "POST"}
    ]


def test_a_row_of_another_tenant_is_not_there(desk: Desk) -> None:
    stranger = desk.as_stranger()
    ids = {"template_id": desk.template.id, "group_id": desk.group.id, "device_id": desk.devices[0].id}
    asked = pages_of_rows(desk.app)
    assert len(asked) >= 9
    for method, rule in asked:
        path = rule
        for name, value in ids.items():
            path = path.replace(f"<int:{name}>", str(value))
        answer = stranger.get(path) if method == "GET" else stranger.post(path, form_of(BODY, archived="1"))
        assert (method, path, answer.status_code) == (method, path, 404)
        assert "Standard" not in answer.text
    assert desk.rows(ConfigTemplate)[0].archived_at is None
    assert (desk.rows(Group)[0].config_override, desk.rows(Device)[0].config_override) == ({}, {})


def test_nothing_of_it_is_shown_on_any_other_page(desk: Desk) -> None:
    stranger = desk.as_stranger()
    of = f"template:{desk.template.id}"
    for path in ("", "/overrides", "/compare", "/sites?device=wash", f"/compare?left={of}&right={of}",
                 "/preview?device=wash-1", f"/deploy?to=group:{desk.group.id}", "/templates/new"):  # fmt: skip
        answer = stranger.get(f"/configuration{path}")
        for words in ("Standard", "wash-1", "Blue 1", "Hills"):
            assert words not in answer.text.replace('value="wash-1"', "").replace("device wash-1", ""), (path, words)
    for path in (f"/deploy?template={desk.template.id}", f"/templates/new?copy_of={desk.template.id}"):
        assert stranger.get(f"/configuration{path}").status_code == 404


def test_a_stranger_deploys_neither_our_template_nor_to_our_sites(desk: Desk) -> None:
    stranger = desk.as_stranger()
    assert stranger.post("/configuration/deploy", wish(desk)).status_code == 404
    assert stranger.post("/configuration/deploy/preview", wish(desk)).status_code == 404
    assert desk.rows(Deployment) == []
