"""The page of self-healing, its rules and its switch; and what other pages tell of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families

from control_ui.models import HealingAction, HealingCase, HealingRule, HealingSwitch
from control_ui.models.healing import ActionState, CaseState, RuleAction
from control_ui.models.people import Role
from control_ui.models.scope import ALL_TENANTS, SessionFactory, open_session
from tests.control_ui.pages.alerts.conftest import Watch
from tests.control_ui.pages.browser import main_of, sign_in, submit
from tests.control_ui.people.cast import Cast, trail

RULE = {
    "action": "reboot", "after_seconds": "300", "most_attempts": "1", "window_seconds": "86400",
    "cooldown_seconds": "600", "then": "person", "unattended": "1", "enabled": "1", "row_version": "1",
    "reason": "our agents hang for good",
}  # fmt: skip
PATH = "/alerts/healing/rules/offline/1"


@pytest.fixture
def treated(sessions: SessionFactory, watch: Watch) -> Watch:
    """East Gate was restarted in vain, and needs a person; it is part of the incident."""
    now = datetime.now(UTC)
    with open_session(sessions, ALL_TENANTS) as session:
        whose = {"tenant_id": watch.device.tenant_id, "device_id": watch.device.id}
        case = HealingCase(
            **whose, condition="stream_not_reporting", cause="stream service", words="it does not report",
            since=now - timedelta(minutes=9), opened_at=now, state=CaseState.ESCALATED, note="3 attempts did not help",
            escalated_at=now - timedelta(minutes=1), incident_id=watch.incident,
        )  # fmt: skip
        session.add(case)
        session.flush()
        session.add(
            HealingAction(
                **whose, case_id=case.id, condition=case.condition, cause=case.cause, step=1,
                action=RuleAction.RESTART_UNITS, attempt=2, reason="it does not report", state=ActionState.NOT_HEALED,
                note="no picture since", started_at=now - timedelta(minutes=5), finished_at=now,
            )
        )  # fmt: skip
        session.commit()
    return watch


def test_the_page_tells_what_is_wrong_what_was_tried_and_the_rules(
    client: FlaskClient, cast: Cast, treated: Watch
) -> None:
    sign_in(client, cast[Role.VIEWER])
    page = main_of(client.get("/alerts/healing").text)
    for words in ("East Gate", "needs a person", "3 attempts did not help", "not healed", "restart units", "attempt 2"):
        assert words in page
    assert "2 in 6 h" in page, "the rule's attempts and window"
    assert "Edit" not in page
    assert "Pause" not in page
    part = client.get("/alerts/healing", headers={"HX-Target": "healing"}).text
    assert part.lstrip().startswith('<div id="healing"')


def test_other_pages_tell_what_self_healing_tried(client: FlaskClient, cast: Cast, treated: Watch) -> None:
    sign_in(client, cast[Role.VIEWER])
    alert = client.get(f"/alerts/{treated.critical}").text
    assert "Self-healing: restart units, attempt 2" in alert
    assert "Self-healing calls a person" in alert
    site = main_of(client.get(f"/sites/{treated.device.id}").text)
    assert "no picture since" in site
    incident = client.get(f"/alerts/incidents/{treated.incident}").text
    assert "Affected sites" in incident
    assert "3 attempts did not help" in incident


def test_strangers_see_none_of_it(client: FlaskClient, cast: Cast, treated: Watch) -> None:
    sign_in(client, cast.stranger)
    assert "East Gate" not in client.get("/alerts/healing").text
    assert client.get(f"/alerts/incidents/{treated.incident}").status_code == 404


def test_a_rule_is_edited_with_a_reason(client: FlaskClient, cast: Cast, sessions: SessionFactory) -> None:
    sign_in(client, cast[Role.OPERATOR])
    assert "makes a rule of your own" in client.get(PATH).text
    without = submit(client, PATH, **RULE | {"reason": " "})
    assert (without.status_code, "must say why" in without.text) == (422, True)
    nonsense = submit(client, PATH, **RULE | {"most_attempts": "99"})
    assert nonsense.status_code == 422
    assert 'value="99"' in nonsense.text, "what was entered stays"
    assert submit(client, PATH, **RULE).status_code == 303
    assert "<td>own</td>" in client.get("/alerts/healing").text
    (entry,) = trail(sessions, "healing.rule_change")
    assert entry.before
    assert entry.after
    assert (entry.reason, entry.before["action"], entry.after["action"]) == (RULE["reason"], "restart agent", "reboot")
    assert submit(client, f"{PATH}/reset", reason="").status_code == 303
    with open_session(sessions, ALL_TENANTS) as session:
        assert session.query(HealingRule).count() == 0


def test_self_healing_is_paused_with_a_reason_and_resumed(client: FlaskClient, cast: Cast) -> None:
    sign_in(client, cast[Role.OPERATOR])
    assert submit(client, "/alerts/healing/pause", reason="").status_code == 422
    assert submit(client, "/alerts/healing/pause", reason="we rewire").status_code == 303
    page = main_of(client.get("/alerts/healing").text)
    assert "we rewire" in page
    assert "Resume" in page
    assert submit(client, "/alerts/healing/resume", page="/alerts/healing", reason="").status_code == 303
    assert "we rewire" not in main_of(client.get("/alerts/healing").text)


def test_the_platforms_pause_is_not_a_tenants_to_lift(client: FlaskClient, cast: Cast) -> None:
    sign_in(client, cast[Role.PLATFORM_ADMIN])
    assert submit(client, "/alerts/healing/pause", reason="a new release").status_code == 303
    client.post("/logout", data={})
    other = client.application.test_client()
    sign_in(other, cast[Role.OPERATOR])
    page = main_of(other.get("/alerts/healing").text)
    assert "for every tenant" in page
    assert "Resume" not in page


@pytest.mark.parametrize("path", ["/alerts/healing/pause", PATH, f"{PATH}/reset"])
def test_who_may_only_look_changes_nothing(client: FlaskClient, cast: Cast, path: str) -> None:
    sign_in(client, cast[Role.VIEWER])
    assert client.get(path).status_code == 403
    assert submit(client, path, page="/alerts/healing", **RULE).status_code == 403


def test_a_rule_that_is_none_is_not_there(client: FlaskClient, cast: Cast) -> None:
    sign_in(client, cast[Role.OPERATOR])
    assert client.get("/alerts/healing/rules/boredom/1").status_code == 404


def test_prometheus_is_told(client: FlaskClient, treated: Watch, sessions: SessionFactory) -> None:
    now = datetime.now(UTC)
    with open_session(sessions, ALL_TENANTS) as session:
        switch = session.query(HealingSwitch).one()
        switch.brake, switch.last_round_at = "wide outage", now
        session.commit()
    answer = client.get("/metrics", headers={"Authorization": "Bearer metrics-token-of-the-tests"})
    found = {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }
    assert found["carwash_healing_actions_total", "not_healed", "restart_units"] == 1
    assert found["carwash_healing_brake_engaged",] == 1
    assert found["carwash_healing_last_round_timestamp_seconds",] == pytest.approx(now.timestamp())
