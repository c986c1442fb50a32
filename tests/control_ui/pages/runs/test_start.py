"""Starting a run from the pages."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from control_ui.models import Run, Schedule
from control_ui.models.people import Role
from control_ui.models.runs import HostOutcome, HostProgress, RunState
from control_ui.services.runs import results
from tests.control_ui import factories
from tests.control_ui.pages.runs.conftest import At, Sites
from tests.control_ui.people.cast import trail

FORM: dict[str, Any] = {
    "playbook": "restart",
    "target": "names",
    "names": "pi-01, pi-02",
    "counted": "2",
    "mode": "run",
    "when": "now",
    "forks": "50",
    "reason": "a new router",
    "variables.restart_units": ["carwash-stream", "carwash-snapshot", "carwash-agent"],
    "variables.rollout_max_fail_percentage": "10",
}


def runs(sites: Sites) -> list[Run]:
    with sites.session() as session:
        return list(session.scalars(sa.select(Run).order_by(Run.id)))


def test_the_catalogue_is_what_can_be_started_and_keeps_the_sites_that_were_chosen(at: At, sites: Sites) -> None:
    page = at(Role.OPERATOR).see(f"/runs/new?device={sites.ids['pi-01']}")
    assert "Restart the camera service" in page
    assert f"/runs/new?playbook=reboot&amp;device={sites.ids['pi-01']}" in page


def test_the_form_is_drawn_from_the_schema_and_filled_from_the_address(at: At, sites: Sites) -> None:
    page = at(Role.OPERATOR).see(
        f"/runs/new?playbook=restart&device={sites.ids['pi-02']}&device={sites.ids['pi-01']}&reason=why"
    )
    assert ">pi-01\npi-02</textarea>" in page
    assert 'name="variables.rollout_max_fail_percentage" autocomplete="off" value="10"' in page
    assert 'type="number" min="0" max="100"' in page
    assert page.count('name="variables.restart_units"') == 3
    assert "Start on 2 sites" in page
    assert 'value="why"' in page


def test_a_run_is_started_as_the_form_says(at: At, sites: Sites) -> None:
    answer = at(Role.OPERATOR).send("/runs/new", FORM | {"variables.restart_units": ["carwash-stream"], "forks": "7"})
    (run,) = runs(sites)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/runs/{run.id}")
    assert (run.playbook, run.check_mode, run.forks, run.reason) == ("restart", False, 7, "a new router")
    assert run.variables == {"restart_units": ["carwash-stream"]}, "what is as by default is left to the playbook"
    assert set(run.target["device_ids"]) == {sites.ids["pi-01"], sites.ids["pi-02"]}
    (entry,) = trail(sites.sessions, "run.request")
    assert entry.reason == "a new router"


def test_checking_first_changes_nothing(at: At, sites: Sites) -> None:
    at(Role.OPERATOR).send("/runs/new", FORM | {"mode": "check"})
    (run,) = runs(sites)
    assert (run.check_mode, run.mutating) == (True, False)


def test_what_was_not_seen_is_not_started(at: At, sites: Sites) -> None:
    """The number on the button is the number that is done, also where the fleet has grown meanwhile."""
    answer = at(Role.OPERATOR).send("/runs/new", FORM | {"target": "all"})
    assert answer.status_code == 422
    assert "The number of sites is another one than was shown" in answer.text
    assert "Start on 3 sites" in answer.text
    assert runs(sites) == []


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"names": "pi-01 pi-77"}, "It names no site of yours: pi-77"),
        ({"names": ""}, "It must name at least one site"),
        ({"target": "query", "query": "ring="}, "at character"),
        ({"target": "group", "group": ""}, "It must be chosen"),
        ({"target": "failed", "failed": "999"}, "There is no run 999"),
        ({"variables.rollout_max_fail_percentage": "101"}, "Enter a whole number from 0 to 100"),
        ({"variables.rollout_max_fail_percentage": "many"}, "Enter a whole number from 0 to 100"),
        ({"variables.rollout_serial": "0"}, "Enter something like 1, 10%, 100%"),
        ({"variables.restart_units": []}, "Choose at least one of them"),
        ({"forks": "0"}, "It must be a whole number from 1 to 500"),
        ({"when": "later", "not_before": "soon"}, "It must be a day and a time"),
        ({"when": "repeat", "name": "nightly", "cron": "never", "timezone": "UTC"}, "It must have 5 fields"),
        ({"when": "repeat", "name": "", "cron": "0 3 * * *", "timezone": "UTC"}, "It must not be empty"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_what_was_entered_stays(
    at: At, sites: Sites, wrong: dict[str, Any], words: str
) -> None:
    answer = at(Role.OPERATOR).send("/runs/new", FORM | wrong)
    assert answer.status_code in (404, 422)
    assert words in answer.text
    assert 'class="fault"' in answer.text
    assert 'value="a new router"' in answer.text
    assert runs(sites) == []


def test_it_can_begin_later_in_the_time_zone_of_who_asks(at: At, sites: Sites) -> None:
    with sites.session() as session:
        session.get_one(type(sites.cast[Role.OPERATOR]), sites.cast[Role.OPERATOR].id).timezone = "America/Chicago"
    at(Role.OPERATOR).send("/runs/new", FORM | {"when": "later", "not_before": "2030-01-02T03:04"})
    (run,) = runs(sites)
    assert run.not_before is not None
    assert run.not_before.isoformat() == "2030-01-02T09:04:00+00:00"


def test_it_can_be_done_again_and_again(at: At, sites: Sites) -> None:
    again = {"when": "repeat", "name": "nightly", "cron": "30 2 * * *", "timezone": "UTC"}
    answer = at(Role.OPERATOR).send("/runs/new", FORM | again)
    assert answer.status_code == 303
    with sites.session() as session:
        (schedule,) = session.scalars(sa.select(Schedule))
    assert (schedule.name, schedule.playbook, schedule.check_mode) == ("nightly", "restart", False)
    assert runs(sites) == []


def test_the_number_of_sites_is_told_with_every_change(at: At, sites: Sites) -> None:
    told = at(Role.OPERATOR).send("/runs/new/count", FORM | {"target": "query", "query": "name=pi-03"})
    assert "Start on 1 site" in told.text
    nothing = at(Role.OPERATOR).send("/runs/new/count", FORM | {"names": "pi-99"})
    assert "It names no site of yours: pi-99" in nothing.text
    assert "disabled" in nothing.text


def test_a_run_like_another_one_has_its_sites_and_variables(at: At, sites: Sites) -> None:
    like = sites.run("pi-01", playbook="restart", variables={"restart_units": ["carwash-agent"]}, state=RunState.FAILED)
    page = at(Role.OPERATOR).see(f"/runs/new?like={like}")
    assert ">pi-01</textarea>" in page
    assert 'value="carwash-agent" checked' in page
    assert 'value="carwash-stream" checked' not in page


def test_where_an_earlier_run_failed_is_a_target(at: At, sites: Sites) -> None:
    earlier = sites.run(state=RunState.PARTIAL)
    with sites.session() as session:
        for name, device_id in sites.ids.items():
            result = results.of_device(session, earlier, device_id)
            result.outcome = HostOutcome.FAILED if name == "pi-02" else HostOutcome.OK
            result.progress = HostProgress.DONE
    page = at(Role.OPERATOR).see(f"/runs/new?playbook=restart&failed_of={earlier}")
    assert "Start on 1 site" in page


def test_four_eyes_are_told_before(at: At, sites: Sites) -> None:
    with sites.session() as session:
        session.get_one(type(sites.cast.tenant), sites.cast.tenant.id).requires_approval = True
    assert "Propose for 1 site" in at(Role.OPERATOR).see("/runs/new?playbook=reboot&names=pi-01")
    assert "Propose" not in at(Role.OPERATOR).see("/runs/new?playbook=diagnose&names=pi-01"), "it changes nothing"


def test_a_viewer_starts_nothing(at: At, sites: Sites) -> None:
    viewer = at(Role.VIEWER)
    assert "Start a run" not in viewer.see("/runs")
    viewer.see("/runs/new", 403)
    assert viewer.send("/runs/new", FORM).status_code == 403
    assert viewer.send("/runs/new/count", FORM).status_code == 403
    assert runs(sites) == []


def test_a_stranger_cannot_name_our_sites(at: At, sites: Sites) -> None:
    answer = at(sites.cast.stranger).send("/runs/new", FORM)
    assert answer.status_code == 422
    assert "names no site of yours" in answer.text


def test_a_platform_administrator_says_for_which_tenant(at: At, sites: Sites) -> None:
    admin = at(Role.PLATFORM_ADMIN)
    unsaid = admin.send("/runs/new", FORM | {"target": "all", "counted": "4"})
    assert (unsaid.status_code, "It must be chosen" in unsaid.text) == (422, True)
    said = admin.send("/runs/new", FORM | {"target": "all", "counted": "3", "tenant": str(sites.cast.tenant.id)})
    assert said.status_code == 303
    (run,) = runs(sites)
    assert run.tenant_id == sites.cast.tenant.id


def test_a_group_can_be_chosen(at: At, sites: Sites) -> None:
    with sites.session() as session:
        group = factories.group(session, sites.cast.tenant, name="Nobody")
    page = at(Role.OPERATOR).see(f"/runs/new?playbook=restart&group={group.id}")
    assert "Nobody</option>" in page
    assert "No site yet" in page
