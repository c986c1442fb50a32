"""Deployments as people watch them, and what they can do about them."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from flask import Flask

from control_ui.models import Deployment, User
from control_ui.models.deployments import DeploymentState, Strategy
from control_ui.models.people import Role
from tests.control_ui.deployments.conftest import Stage
from tests.control_ui.pages.browser import main_of
from tests.control_ui.pages.deployments.conftest import StageOf
from tests.control_ui.pages.runs.conftest import Visitor, statements

WAVES = Strategy.WAVES
PersonOf = Callable[..., Visitor]


def page(deployment_id: int, part: str = "") -> str:
    return f"/deployments/{deployment_id}{part}"


def test_the_list_is_narrowed_by_its_address(stage: Stage, operator: Visitor) -> None:
    first = stage.deploy("pi-1", reason="sharper pictures")
    stage.round()
    stage.new_version(jpeg_quality=70)
    second = stage.deploy("pi-2", reason="smaller pictures")
    for query, shows_first, shows_second in (
        ("", True, True), ("state=running", False, True), ("text=pi-1", True, False), ("text=smaller", False, True),
        (f"template={stage.template.id}", True, True), ("template=999", False, False), ("kind=rollbacks", False, False),
        ("person=operator", True, True), ("person=nobody", False, False), ("until=2020-01-01", False, False),
    ):  # fmt: skip
        text = operator.see(f"/deployments?{query}")
        shown = tuple(f'href="{page(one)}"' in text for one in (first, second))
        assert (query, *shown) == (query, shows_first, shows_second)


def test_what_has_ended_has_the_list_read_anew(stage: Stage, operator: Visitor) -> None:
    made = stage.deploy()
    assert "HX-Trigger" not in operator.client.get(f"/deployments/active?seen={made}").headers
    stage.round()
    assert operator.client.get(f"/deployments/active?seen={made}").headers["HX-Trigger"] == "deployment-ended"


def test_waves_are_shown_with_their_evidence_and_how_near_the_threshold_is(stage: Stage, operator: Visitor) -> None:
    made = stage.deploy(strategy=WAVES, waves=("1", "3"), failure_threshold_count=1)
    stage.advance()
    text = operator.see(page(made))
    assert "0 / 1 version in force" in text
    assert "to come" in text
    assert "all of them may fail" in text, "one failure is allowed, and there is one device so far"
    stage.check_in()
    assert "1 / 1 fresh picture since" in operator.see(page(made, "/head"))
    stage.advance()
    stage.advance()
    text = operator.see(page(made, "/head"))
    assert "passed" in text
    assert "0 / 2 version in force" in text
    assert "hx-trigger" in text


def test_what_has_ended_asks_for_nothing_any_more(stage: Stage, operator: Visitor) -> None:
    made = stage.deploy()
    stage.round()
    text = operator.see(page(made))
    assert stage.deployment(made).state == DeploymentState.SUCCEEDED
    assert "hx-trigger" not in main_of(text)
    assert "data-cells" not in text


def test_the_grid_is_told_shortly_wave_by_wave(stage: Stage, operator: Visitor) -> None:
    made = stage.deploy(strategy=WAVES, waves=("1",))
    stage.round()
    told = operator.client.get(page(made, "/cells"))
    assert told.get_json() == {"ended": False, "legend": ["applied", "delivering"], "cells": "01111"}
    again = operator.client.get(page(made, "/cells"), headers={"If-None-Match": told.headers["ETag"]})
    assert again.status_code == 304


def test_why_a_device_failed_is_said_with_its_evidence(stage: Stage, operator: Visitor) -> None:
    stage.pis["pi-2"].refuses = lambda _document: "no picture from the camera"
    stage.new_version(jpeg_quality=70)
    made = stage.deploy("pi-1", "pi-2", failure_threshold_percent=100.0)
    stage.round()
    stage.round()
    assert "no picture from the camera" in operator.see(page(made))
    failed = operator.see(page(made, f"/devices/{stage.ids['pi-2']}"))
    assert "no picture from the camera" in failed
    assert "The Pi reports version 1" in failed or "the Pi reports version 1" in failed
    applied = operator.see(page(made, f"/devices/{stage.ids['pi-1']}"))
    assert applied.count('<span class="mark" aria-hidden="true"></span>shown</span>') == 3
    assert "jpeg_quality" in applied


def test_a_device_that_is_off_says_that_it_waits(stage: Stage, operator: Visitor) -> None:
    stage.switch_off("pi-3")
    made = stage.deploy("pi-3", "pi-4")
    stage.round()
    assert "gets it when it returns" in operator.see(page(made))
    assert "Waits until" in operator.see(page(made, f"/devices/{stage.ids['pi-3']}"))


@pytest.mark.parametrize(
    ("hand", "state", "says"),
    [("pause", DeploymentState.PAUSED, "Paused by"), ("cancel", DeploymentState.CANCELED, "Canceled by")],
)
def test_it_is_held_and_ended_by_hand(
    stage: Stage, operator: Visitor, hand: str, state: DeploymentState, says: str
) -> None:
    made = stage.deploy(strategy=WAVES, waves=("1",))
    stage.advance()
    question = operator.see(page(made, f"/{hand}"))
    assert "Of 5 sites" in question
    answer = operator.send(page(made, f"/{hand}"), {"reason": "a storm"})
    assert (answer.status_code, answer.headers["Location"]) == (303, page(made))
    assert stage.deployment(made).state == state
    text = operator.see(page(made))
    assert says in text
    assert "a storm" in text
    again = operator.send(page(made, f"/{hand}"), {"reason": "a storm"})
    assert again.status_code == 409
    assert 'value="a storm"' in again.text


def test_it_goes_on_where_it_was(stage: Stage, operator: Visitor) -> None:
    made = stage.deploy(strategy=WAVES, waves=("1",))
    stage.advance()
    operator.send(page(made, "/pause"))
    assert page(made, "/resume") in operator.see(page(made))
    operator.send(page(made, "/resume"))
    assert stage.deployment(made).state == DeploymentState.RUNNING


def test_a_rollback_shows_first_what_it_would_do_and_on_how_many_sites(stage: Stage, operator: Visitor) -> None:
    stage.new_version(jpeg_quality=70)
    made = stage.deploy("pi-1", "pi-2")
    stage.round()
    text = operator.see(page(made, "/rollback"))
    assert "on 2 sites?" in text
    assert "Restore on 2 sites" in text
    assert "jpeg_quality" in text
    answer = operator.send(page(made, "/rollback"), {"reason": "blurred"})
    rollback = stage.rollback_of(made)
    assert answer.headers["Location"] == page(rollback)
    assert f"rollback {rollback}</a>" in operator.see(page(made))
    refused = operator.send(page(made, "/rollback"), {"reason": "blurred"})
    assert refused.status_code == 409


def test_one_site_goes_back_to_what_it_ran_before(stage: Stage, operator: Visitor) -> None:
    stage.new_version(jpeg_quality=70)
    stage.deploy("pi-1", "pi-2")
    stage.round()
    address = f"/rollbacks/new?device={stage.ids['pi-1']}"
    text = operator.see(address)
    assert "Roll back pi-1 on 1 site?" in text
    assert "Restore on 1 site" in text
    answer = operator.send(address, {"reason": "blurred"})
    assert answer.status_code == 303
    with stage.session() as session:
        made = session.scalars(sa.select(Deployment).order_by(Deployment.id.desc())).first()
    assert made is not None
    assert (made.target, made.reason) == ({"device_ids": [stage.ids["pi-1"]]}, "blurred")
    operator.see("/rollbacks/new", 404)
    operator.see("/rollbacks/new?device=9999", 404)


def test_a_second_person_reads_what_would_change_and_approves_it(
    stage_of: StageOf, enter: Callable[[User], Visitor]
) -> None:
    careful = stage_of("pi-1", "pi-2", requires_approval=True)
    careful.new_version(jpeg_quality=70)
    made = careful.deploy()
    asker, other = enter(careful.operator), enter(careful.admin)
    assert "Waits for a second person" in asker.see(page(made))
    assert 'name="decision"' not in asker.see(page(made, "/decide"))
    text = other.see(page(made, "/decide"))
    assert "On 2 sites" in text
    assert "jpeg_quality" in text
    digest = str(careful.deployment(made).diff_sha256)
    wrong = other.send(page(made, "/decide"), {"decision": "approve", "diff_sha256": "0" * 64, "comment": "hm"})
    assert (wrong.status_code, 'value="hm"' in wrong.text) == (409, True)
    fields = {"decision": "approve", "diff_sha256": digest, "comment": "fine"}
    assert asker.send(page(made, "/decide"), fields).status_code == 403
    assert other.send(page(made, "/decide"), fields).status_code == 303
    assert careful.deployment(made).state == DeploymentState.RUNNING
    assert "fine" in asker.see(page(made))


def test_two_sides_say_no_more_than_they_have_shown(stage: Stage, operator: Visitor) -> None:
    version = stage.new_version(jpeg_quality=70)
    made = stage.deploy(strategy=Strategy.AB, version=1, version_b=version)
    before = operator.see(page(made))
    assert "watched for 60 min" in before
    assert re.findall(r'class="wave-title">(Side .), v(\d+)', before) == [("Side a", "1"), ("Side b", str(version))]
    stage.round()
    stage.advance(seconds=61 * 60)
    text = operator.see(page(made))
    assert "too few devices to tell" in text
    assert "permutation test" in text


def test_what_a_page_costs_does_not_grow_with_the_devices(
    app: Flask, stage_of: StageOf, enter: Callable[[User], Visitor]
) -> None:
    stage = stage_of(*(f"pi-{number:02}" for number in range(30)))
    few, many = stage.deploy("pi-00", "pi-01"), stage.deploy(*(f"pi-{number:02}" for number in range(2, 30)))
    stage.advance()
    visitor = enter(stage.operator)
    visitor.see(page(few))
    assert statements(app, lambda: visitor.see(page(few))) == statements(app, lambda: visitor.see(page(many)))


PAGES = ("", "/head", "/findings", "/cells", "/changes", "/devices/{device}", "/pause", "/resume", "/cancel",
         "/rollback", "/decide")  # fmt: skip


def test_to_a_stranger_no_page_of_a_deployment_is_there(stage: Stage, person_of: PersonOf) -> None:
    made = stage.deploy()
    stranger = person_of(None, Role.ADMIN)
    for part in PAGES:
        assert "pi-1" not in stranger.see(page(made, part.format(device=stage.ids["pi-1"])), 404)
    for action in ("pause", "resume", "cancel", "rollback", "decide"):
        assert stranger.send(page(made, f"/{action}")).status_code == 404
    stranger.see(f"/rollbacks/new?device={stage.ids['pi-1']}", 404)
    assert stranger.send(f"/rollbacks/new?device={stage.ids['pi-1']}").status_code in (404, 422)


def test_a_viewer_may_look_but_not_touch(stage: Stage, person_of: PersonOf) -> None:
    made = stage.deploy()
    viewer = person_of(stage, Role.VIEWER)
    text = viewer.see(page(made))
    for action in ("pause", "resume", "cancel", "rollback", "decide"):
        assert page(made, f"/{action}") not in text
        viewer.see(page(made, f"/{action}"), 403)
        assert viewer.send(page(made, f"/{action}")).status_code == 403
    assert "Roll back this site" not in viewer.see(page(made, f"/devices/{stage.ids['pi-1']}"))


def test_times_are_the_viewers(stage: Stage, operator: Visitor) -> None:
    stage.deploy()
    assert f"{datetime.now(UTC):%Y-%m-%d}" in operator.see("/deployments")
