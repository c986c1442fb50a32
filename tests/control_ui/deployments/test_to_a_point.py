"""Devices, groups, any target, taken back to a point in their past."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from control_ui.models import GroupMember
from control_ui.models.deployments import DeploymentState
from control_ui.models.runs import HostOutcome
from control_ui.services.deployments import preview
from control_ui.services.deployments.to_a_point import Point, roll_back_to
from control_ui.services.deployments.way_back import Action
from control_ui.services.errors import InvalidError, NotFoundError
from tests.control_ui import factories
from tests.control_ui.deployments.conftest import Stage

Make = Callable[..., Stage]
PREVIOUS = Point(previous=True)


@pytest.fixture
def pair(stage_of: Make) -> Stage:
    """Two Pis that have had qualities 70 and then 71, as their versions 2 and 3."""
    stage = stage_of("pi-1", "pi-2")
    for quality in (70, 71):
        stage.new_version(jpeg_quality=quality)
        made = stage.deploy()
        stage.round()
        stage.end_runs(made)
    return stage


def back(stage: Stage, target: dict[str, Any], point: Point) -> int:
    with stage.session() as session:
        return roll_back_to(session, stage.actor, target, point, "a mistake", stage.now).id


def qualities(stage: Stage, name: str) -> list[int | None]:
    return [document.get("jpeg_quality") for document in stage.pis[name].documents]


def test_a_device_goes_back_to_what_it_ran_before_and_only_that_one(pair: Stage) -> None:
    made = back(pair, {"device_ids": [pair.ids["pi-1"]]}, PREVIOUS)
    pair.round()
    assert pair.deployment(made).state == DeploymentState.SUCCEEDED
    assert (qualities(pair, "pi-1"), qualities(pair, "pi-2")) == ([70, 71, 70], [70, 71])
    assert pair.pis["pi-1"].version == 4
    again = back(pair, {"device_ids": [pair.ids["pi-1"]]}, PREVIOUS)
    pair.round()
    assert pair.deployment(again).state == DeploymentState.SUCCEEDED
    assert qualities(pair, "pi-1") == [70, 71, 70, 71], "going back twice comes back to where one was"


def test_a_version_that_the_pi_refused_was_never_its_past(pair: Stage) -> None:
    pair.pis["pi-1"].refuses = lambda document: "no picture" if document.get("jpeg_quality") == 72 else ""
    for quality in (72, 73):
        pair.new_version(jpeg_quality=quality)
        pair.deploy("pi-1", failure_threshold_percent=100)
        pair.round()
    assert qualities(pair, "pi-1") == [70, 71, 73]
    back(pair, {"device_ids": [pair.ids["pi-1"]]}, PREVIOUS)
    pair.round()
    assert qualities(pair, "pi-1") == [70, 71, 73, 71]


def test_a_group_goes_back(pair: Stage) -> None:
    with pair.session() as session:
        group = factories.group(session, pair.tenant)
        session.add(GroupMember(tenant_id=pair.tenant.id, group_id=group.id, device_id=pair.ids["pi-2"]))
        session.commit()
    back(pair, {"group_id": group.id}, PREVIOUS)
    pair.round()
    assert (pair.pis["pi-1"].version, pair.pis["pi-2"].version) == (3, 4)


def test_a_device_goes_back_to_a_number_of_its_own(pair: Stage) -> None:
    back(pair, {"device_ids": [pair.ids["pi-1"]]}, Point(version=1))
    pair.round()
    assert qualities(pair, "pi-1") == [70, 71, None]


def test_devices_go_back_to_before_a_run(pair: Stage) -> None:
    pair.new_version(jpeg_quality=72)
    made = pair.deploy()
    pair.advance()
    pair.dispatch()
    pair.check_in()
    pair.advance()
    (run,) = pair.runs(made)
    for name in pair.pis:
        pair.report(run.id, name, HostOutcome.OK)
    pair.end_runs(made)
    rollback = back(pair, {"all": True}, Point(run_id=run.id))
    pair.round()
    assert qualities(pair, "pi-1")[-1] == 71
    assert {one.rollback_of_id for one in pair.runs(rollback)} == {run.id}


def test_what_it_would_do_is_shown_first_and_nothing_is_done(pair: Stage) -> None:
    with pair.session() as session:
        foreseen = preview.of_target(session, {"all": True}, Point(previous=True))
        session.rollback()
    assert [(one.device, one.action, one.from_number, one.to_number) for one in foreseen] == [
        ("pi-1", Action.RESTORE, 3, 2),
        ("pi-2", Action.RESTORE, 3, 2),
    ]
    assert [(change.path, change.before, change.after) for change in foreseen[0].changes] == [
        ("$.jpeg_quality", 71, 70)
    ]
    pair.round()
    assert pair.pis["pi-1"].version == 3


@pytest.mark.parametrize(
    ("names", "point", "words"),
    [
        (["pi-1"], Point(version=3), "it runs this already"),
        (["pi-1"], Point(version=99), "it has no configuration of this number from here"),
        (["pi-1", "pi-2"], Point(version=1), "is a number of one device's configurations"),
        (["pi-1"], Point(), "must be one of previous, version, run_id"),
        (["pi-1"], Point(previous=True, version=1), "must be one of previous, version, run_id"),
    ],
)
def test_a_point_that_nobody_can_be_taken_to_is_refused_with_why(
    pair: Stage, names: list[str], point: Point, words: str
) -> None:
    with pytest.raises(InvalidError) as refused:
        back(pair, {"device_ids": [pair.ids[name] for name in names]}, point)
    assert any(words in fault.message for fault in refused.value.faults)


def test_a_run_that_is_not_there_is_not_found(pair: Stage) -> None:
    with pytest.raises(NotFoundError):
        back(pair, {"all": True}, Point(run_id=4711))


def test_a_run_that_the_device_was_not_part_of_is_no_point_for_it(pair: Stage) -> None:
    with pair.session() as session:
        run = factories.run(session, [session.get_one(type(pair.device("pi-2")), pair.ids["pi-2"])])
        session.commit()
    with pytest.raises(InvalidError) as refused:
        back(pair, {"device_ids": [pair.ids["pi-1"]]}, Point(run_id=run.id))
    assert "it was not part of this run" in refused.value.faults[0].message


def test_a_device_whose_past_is_not_from_here_goes_back_by_itself(stage_of: Make) -> None:
    stage = stage_of("pi-1", ours=False)
    made = back(stage, {"all": True}, PREVIOUS)
    stage.advance()
    (run,) = stage.runs(made)
    assert (run.playbook, run.variables["rollback_scope"]) == ("rollback", "config")
