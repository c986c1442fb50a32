"""The dialog that deploys: however it is reached, it says what will happen, and ends in a deployment."""

from __future__ import annotations

from typing import Any

import pytest

from control_ui.models import ConfigTemplate, Deployment, DeploymentDevice, Tenant
from control_ui.models.deployments import DeploymentState, Strategy
from control_ui.models.people import Role
from tests.control_ui import factories
from tests.control_ui.pages.configuration.conftest import BODY, Desk, form_of
from tests.control_ui.pages.configuration.test_editing import edit

DEPLOY, PREVIEW = "/configuration/deploy", "/configuration/deploy/preview"


def wish(desk: Desk, **fields: Any) -> dict[str, Any]:
    """What the dialog sends."""
    usual = {
        "template": desk.template.id, "versions_of": desk.template.id, "version": "1", "to": "all",
        "strategy": "waves", "waves": "1, 100%", "threshold": "10", "threshold_unit": "percent",
        "wave_timeout_seconds": "180", "soak_seconds": "0", "desired_lifetime_hours": "168", "split_percent": "50",
        "observe_minutes": "60", "reason": "a test",
    }  # fmt: skip
    return usual | fields


def second_version(desk: Desk, **settings: Any) -> None:
    assert desk.post(edit(desk), form_of({**BODY, **settings})).status_code == 303


def test_the_dialog_knows_what_the_link_said(desk: Desk) -> None:
    text = desk.get(f"{DEPLOY}?template={desk.template.id}&version=1&to=region:west").text
    assert "Deploy Standard" in text
    assert 'value="region:west" selected>west (2 sites)' in text
    assert 'value="waves" checked' in text
    assert 'value="1, 10%, 100%"' in text
    chosen = desk.get(f"{DEPLOY}?to=devices:{desk.devices[0].id},{desk.devices[2].id}").text
    assert "The 2 selected sites" in chosen
    assert "Deploy a template" in chosen


def test_the_preview_tells_on_how_many_sites_what_changes(desk: Desk) -> None:
    second_version(desk, jpeg_quality=60)
    text = desk.post(PREVIEW, wish(desk, version="2", to="region:west")).text
    assert "<strong>2</strong> sites" in text
    assert "<strong>2</strong> change" in text
    assert "in 2 waves: 1, 1" in text
    assert "<code>jpeg_quality</code>" in text
    assert "Deploy to 2 sites" in text


def test_sites_that_would_stay_as_they_are_are_counted_apart(desk: Desk) -> None:
    desk.post(DEPLOY, wish(desk, to="region:west", strategy="all"))
    for row in desk.rows(DeploymentDevice):
        device = next(one for one in desk.devices if one.id == row.device_id)
        device.state.desired_config_id = row.config_version_id
        device.state.config_version = 2
    desk.session.commit()
    text = desk.post(PREVIEW, wish(desk, to="region:west")).text
    assert "<strong>0</strong> change" in text
    assert "<strong>2</strong> unchanged" in text


def test_sites_that_cannot_have_it_are_named_with_the_reason_and_can_be_left_out(desk: Desk) -> None:
    desk.devices[1].config_override = {"stale_after_seconds": 2}
    desk.session.commit()
    text = desk.post(PREVIEW, wish(desk)).text
    assert "Nothing can begin while 1 site cannot have this version." in text
    assert "Blue 2" in text
    assert "less than snapshot_interval_seconds" in text
    assert "disabled" in text
    refused = desk.post(DEPLOY, wish(desk))
    assert refused.status_code == 422
    assert desk.rows(Deployment) == []
    assert "Deploy to 2 sites" in desk.post(PREVIEW, wish(desk, leave_out="1")).text
    assert desk.post(DEPLOY, wish(desk, leave_out="1")).status_code == 303
    ids = sorted(row.device_id for row in desk.rows(DeploymentDevice))
    assert ids == [desk.devices[0].id, desk.devices[2].id]


def test_it_begins_with_what_was_entered_and_goes_on_to_the_deployment(desk: Desk) -> None:
    sent = wish(desk, to="region:west", waves="1 50% 100%", threshold="2", threshold_unit="count", soak_seconds="30")
    answer = desk.post(DEPLOY, sent)
    (made,) = desk.rows(Deployment)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/deployments/{made.id}")
    assert made.strategy == Strategy.WAVES
    assert made.parameters["waves"] == ["1", "50%", "100%"]
    assert made.parameters["failure_threshold_count"] == 2
    assert made.parameters["failure_threshold_percent"] is None
    assert made.parameters["soak_seconds"] == 30
    assert (made.reason, made.target) == ("a test", {"query": 'region="west"'})


def test_another_template_brings_its_own_versions(desk: Desk) -> None:
    second_version(desk, jpeg_quality=60)
    same = desk.post(PREVIEW, wish(desk, version="2"))
    assert "deploy-versions" not in same.text
    other = next(one for one in desk.rows(ConfigTemplate) if one.name == "Low bandwidth")
    text = desk.post(PREVIEW, wish(desk, template=other.id, version="2")).text
    assert 'id="deploy-versions" hx-swap-oob="true"' in text
    assert f'name="versions_of" value="{other.id}"' in text
    assert "<code>max_width</code>" in text


def test_from_a_dialog_the_whole_page_goes_on(desk: Desk) -> None:
    answer = desk.post(DEPLOY, wish(desk), **{"HX-Request": "true", "HX-Target": "dialog-content"})
    (made,) = desk.rows(Deployment)
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, f"/deployments/{made.id}")


@pytest.mark.parametrize("target", ["group", "ring:canary", "devices", "query"])
def test_every_kind_of_target_is_taken(desk: Desk, target: str) -> None:
    ids = f"devices:{desk.devices[0].id}"
    to = {"group": f"group:{desk.group.id}", "devices": ids}.get(target, target)
    assert desk.post(DEPLOY, wish(desk, to=to, query="ring=canary")).status_code == 303
    (row,) = desk.rows(DeploymentDevice)
    assert row.device_id == desk.devices[0].id


def test_two_versions_are_compared_on_two_sides(desk: Desk) -> None:
    second_version(desk, jpeg_quality=60)
    asked = desk.get(f"{DEPLOY}?template={desk.template.id}&strategy=ab&version=1&version_b=2").text
    assert 'value="ab" checked' in asked
    sent = wish(desk, strategy="ab", version="1", version_b="2", split_percent="34", observe_minutes="5")
    text = desk.post(PREVIEW, sent).text
    assert "Side A: version 1" in text
    assert "Side B: version 2" in text
    assert desk.post(DEPLOY, sent).status_code == 303
    (made,) = desk.rows(Deployment)
    assert made.strategy == Strategy.AB
    assert (made.parameters["split_percent"], made.parameters["observe_minutes"]) == (34, 5)
    assert sorted(row.side for row in desk.rows(DeploymentDevice)) == ["a", "a", "b"]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"waves": "1, many"}, "pattern"),
        ({"waves": ""}, "must have at least 1 item"),
        ({"threshold": "300"}, "must be less than or equal to 100"),
        ({"wave_timeout_seconds": "soon"}, "must be a valid integer"),
        ({"to": ""}, "say where to"),
        ({"to": "query", "query": "ring=("}, "a value is expected"),
        ({"to": "ring:nothing"}, "nothing to do"),
        ({"strategy": "ab", "version_b": "1"}, "there is nothing to compare"),
        ({"strategy": "ab", "version_b": ""}, "Two sides need two versions"),
        ({"template": ""}, "choose a template"),
    ],
)
def test_what_is_not_right_is_told_and_what_was_entered_is_kept(desk: Desk, fields: dict[str, str], words: str) -> None:
    answer = desk.post(DEPLOY, wish(desk, reason="my reason") | fields)
    assert answer.status_code == 422
    assert words in answer.text.replace("&#39;", "'")
    assert "my reason" in answer.text
    assert desk.rows(Deployment) == []


def test_where_four_eyes_are_wanted_it_says_so_and_is_proposed(desk: Desk) -> None:
    for tenant in desk.rows(Tenant):
        tenant.requires_approval = True
    desk.session.commit()
    assert "Another person approves every deployment here" in desk.get("/configuration").text
    text = desk.get(f"{DEPLOY}?template={desk.template.id}&to=all").text
    assert "Another person has to approve this" in text
    assert "Propose for 3 sites" in desk.post(PREVIEW, wish(desk)).text
    assert desk.post(DEPLOY, wish(desk)).status_code == 303
    (made,) = desk.rows(Deployment)
    assert made.state == DeploymentState.PROPOSED


def test_without_scripts_the_same_page_shows_what_it_changes(desk: Desk) -> None:
    answer = desk.post(DEPLOY, wish(desk, look="1"))
    assert answer.status_code == 200
    assert "<strong>3</strong> sites" in answer.text
    assert desk.rows(Deployment) == []


def test_a_platform_administrator_deploys_within_the_templates_tenant(desk: Desk) -> None:
    factories.device(desk.session, desk.rows(Tenant)[1], "theirs-1")
    desk.session.commit()
    anyone = desk.as_(Role.PLATFORM_ADMIN)
    assert "<strong>3</strong> sites" in anyone.post(PREVIEW, wish(desk)).text
    assert anyone.post(DEPLOY, wish(desk)).status_code == 303
    assert len(desk.rows(DeploymentDevice)) == 3


def test_who_may_only_look_cannot_even_ask(desk: Desk) -> None:
    viewer = desk.as_(Role.VIEWER)
    assert viewer.get(DEPLOY).status_code == 403
    assert viewer.post(PREVIEW, wish(desk)).status_code == 403
    assert viewer.post(DEPLOY, wish(desk)).status_code == 403
    assert desk.rows(Deployment) == []


def test_a_form_without_its_token_deploys_nothing(desk: Desk) -> None:
    assert desk.client.post(DEPLOY, data=wish(desk)).status_code == 400
    assert desk.rows(Deployment) == []
