"""Four eyes: what was approved is what was seen, and nothing else is done."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from control_ui.models import AuditEntry, Run
from control_ui.models.runs import Decision, HostOutcome, RunState, SliceState
from control_ui.models.scope import ScopedSession
from control_ui.services import actor
from control_ui.services.errors import ConflictError, ForbiddenError
from control_ui.services.runs import approvals, slices
from control_ui.services.runs.requests import RunRequest, request
from tests.control_ui import factories
from tests.control_ui.conftest import NOW
from tests.control_ui.runs import flow
from tests.control_ui.runs.conftest import Fleet

CHANGED, UNREACHABLE = HostOutcome.CHANGED, HostOutcome.UNREACHABLE
DIFF = [{"task": "Write the file", "before": "old\n", "after": "new\n"}]
ALL_CHANGED = {"pi-01": CHANGED, "pi-02": CHANGED, "pi-03": CHANGED}


@pytest.fixture
def proposed(session: ScopedSession, careful: Fleet) -> Run:
    return request(session, careful.actor, RunRequest("change", {"device_ids": careful.ids()}), NOW)


def checked(session: ScopedSession, proposed: Run, outcomes: dict[str, HostOutcome] | None = None, **diffs: Any) -> Run:
    """The proposed run, after its check-mode run has ended."""
    check = session.scalars(sa.select(Run).where(Run.check_of_id == proposed.id)).one()
    flow.ended(session, check, ALL_CHANGED if outcomes is None else outcomes, **{"pi_01": DIFF, **diffs})
    return flow.fresh(session, proposed)


def decide(
    session: ScopedSession, careful: Fleet, run: Run, decision: Decision = Decision.APPROVED, **values: Any
) -> None:
    seen = values.get("seen", run.diff_sha256 or "0" * 64)
    who = values.get("who", careful.other)
    approvals.decide(session, who, run.id, decision, seen, values.get("comment", "seen"), values.get("now", NOW))


def actions(session: ScopedSession) -> list[tuple[str, str]]:
    query = sa.select(AuditEntry.action, AuditEntry.outcome).where(AuditEntry.subject_type == "run")
    return [(action, outcome) for action, outcome in session.execute(query.order_by(AuditEntry.id))]


def test_the_end_of_the_check_fixes_what_can_be_approved(session: ScopedSession, proposed: Run) -> None:
    run = checked(session, proposed)
    check = session.scalars(sa.select(Run).where(Run.check_of_id == run.id)).one()
    assert run.state == RunState.PROPOSED
    assert run.diff_sha256 == approvals.diff_sha256(list(flow.hosts_of(session, check).values()))
    assert run.revision == flow.REVISION


def test_the_hash_is_of_the_diffs_by_name_of_host(session: ScopedSession, careful: Fleet) -> None:
    one, two = (factories.run(session, careful.named(name)) for name in ("pi-01", "pi-02"))
    first, second = flow.host_of(session, one, "pi-01"), flow.host_of(session, two, "pi-02")
    first.diffs = DIFF
    assert approvals.diff_sha256([first, second]) == approvals.diff_sha256([second, first])
    before = approvals.diff_sha256([first, second])
    second.diffs = DIFF
    assert approvals.diff_sha256([first, second]) != before


def test_another_person_approves_and_the_run_is_queued(session: ScopedSession, careful: Fleet, proposed: Run) -> None:
    run = checked(session, proposed)
    decide(session, careful, run)
    run = flow.fresh(session, run)
    approval = approvals.found(session, run.id)
    assert run.state == RunState.QUEUED
    assert approval is not None
    assert (approval.decision, approval.diff_sha256) == (Decision.APPROVED, run.diff_sha256)
    assert approval.decided_by_id == careful.admin.id
    assert ("run.approve", "ok") in actions(session)


def test_a_rejected_run_is_over_and_says_who_and_why(session: ScopedSession, careful: Fleet, proposed: Run) -> None:
    run = checked(session, proposed)
    decide(session, careful, run, Decision.REJECTED, comment="not at noon")
    run = flow.fresh(session, run)
    assert (run.state, run.error) == (RunState.CANCELED, f"rejected by {careful.admin.email}: not at noon")
    assert flow.dispatched(session) == []
    assert ("run.reject", "ok") in actions(session)


def test_who_asked_for_it_may_not_decide_and_the_attempt_is_recorded(
    session: ScopedSession, careful: Fleet, proposed: Run
) -> None:
    run = checked(session, proposed)
    for decision in Decision:
        with pytest.raises(ForbiddenError, match="another person"):
            decide(session, careful, run, decision, who=careful.actor)
    assert flow.fresh(session, run).state == RunState.PROPOSED
    assert ("run.approve", "refused") in actions(session)


def test_no_part_of_the_system_approves_by_itself(session: ScopedSession, careful: Fleet, proposed: Run) -> None:
    with pytest.raises(ForbiddenError):
        decide(session, careful, checked(session, proposed), who=actor.system("a job"))


def test_another_diff_than_the_one_that_was_shown_is_not_approved(
    session: ScopedSession, careful: Fleet, proposed: Run
) -> None:
    run = checked(session, proposed)
    with pytest.raises(ConflictError, match="read it again"):
        decide(session, careful, run, seen="1" * 64)


def test_nothing_can_be_approved_before_it_was_shown(session: ScopedSession, careful: Fleet, proposed: Run) -> None:
    with pytest.raises(ConflictError, match="wait for it"):
        decide(session, careful, proposed)


def test_it_is_decided_once(session: ScopedSession, careful: Fleet, proposed: Run) -> None:
    run = checked(session, proposed)
    decide(session, careful, run)
    with pytest.raises(ConflictError, match="nothing left to decide"):
        decide(session, careful, run, Decision.REJECTED)


def test_a_run_that_needs_no_approval_gets_none(session: ScopedSession, careful: Fleet) -> None:
    run = request(session, careful.actor, RunRequest("look", {"all": True}), NOW)
    with pytest.raises(ConflictError, match="needs no approval"):
        decide(session, careful, run)


def test_an_approval_that_comes_too_late_is_refused_and_the_run_is_canceled(
    session: ScopedSession, careful: Fleet, proposed: Run
) -> None:
    run = checked(session, proposed)
    late = NOW + approvals.LIFETIME
    with pytest.raises(ConflictError, match="in time"):
        decide(session, careful, run, now=late)
    assert approvals.expire(session, late - timedelta(seconds=1)) == 0
    assert approvals.expire(session, late) == 1
    assert approvals.expire(session, late) == 0
    run = flow.fresh(session, run)
    assert (run.state, run.error) == (RunState.CANCELED, "nobody approved it in time")
    assert ("run.expire", "ok") in actions(session)


def test_a_host_whose_change_could_not_be_shown_is_held(session: ScopedSession, careful: Fleet, proposed: Run) -> None:
    run = checked(session, proposed, ALL_CHANGED | {"pi-02": UNREACHABLE})
    held = flow.host_of(session, run, "pi-02")
    assert held.outcome == HostOutcome.HELD
    assert "unreachable" in held.message
    decide(session, careful, run)
    (part,) = flow.begun(session, run)
    assert part.hosts == ("pi-01", "pi-03")


def test_a_run_of_which_nothing_could_be_shown_failed(session: ScopedSession, proposed: Run) -> None:
    run = checked(session, proposed, dict.fromkeys(ALL_CHANGED, UNREACHABLE))
    assert run.state == RunState.FAILED
    assert "nothing to approve" in run.error
    assert run.finished_at == NOW


def start(session: ScopedSession, run: Run, revision: str = flow.REVISION) -> str | None:
    """What keeps the approved run from starting."""
    (slice_id,) = flow.dispatched(session)
    return slices.prepare(session, flow.claimed(session, slice_id), revision)


def test_an_approved_run_starts_if_nothing_has_changed(session: ScopedSession, careful: Fleet, proposed: Run) -> None:
    run = checked(session, proposed)
    decide(session, careful, run)
    assert start(session, run) is None


def test_it_does_not_start_with_other_playbooks(session: ScopedSession, careful: Fleet, proposed: Run) -> None:
    run = checked(session, proposed)
    decide(session, careful, run)
    objection = start(session, run, "1" * 40)
    assert objection is not None
    assert "the playbooks have changed" in objection


def test_it_does_not_start_where_a_device_was_changed_and_names_it(
    session: ScopedSession, careful: Fleet, proposed: Run
) -> None:
    run = checked(session, proposed)
    decide(session, careful, run)
    careful.named("pi-02")[0].camera_port = 8554
    session.commit()
    objection = start(session, run)
    assert objection is not None
    assert objection.endswith("approved: pi-02")


def test_it_does_not_start_where_a_site_was_changed(session: ScopedSession, careful: Fleet, proposed: Run) -> None:
    run = checked(session, proposed)
    decide(session, careful, run)
    careful.named("pi-03")[0].site.city = "Houston"
    session.commit()
    assert "pi-03" in (start(session, run) or "")


def test_it_does_not_start_where_another_configuration_is_wanted(
    session: ScopedSession, careful: Fleet, proposed: Run
) -> None:
    run = checked(session, proposed)
    decide(session, careful, run)
    device = careful.named("pi-01")[0]
    device.state.desired_config_id = factories.config_version(session, device).id
    session.commit()
    assert "pi-01" in (start(session, run) or "")


def test_it_does_not_start_with_another_diff_than_the_approved(
    session: ScopedSession, careful: Fleet, proposed: Run
) -> None:
    run = checked(session, proposed)
    decide(session, careful, run)
    run.diff_sha256 = "1" * 64
    session.commit()
    assert start(session, run) == "the diff of this run is not the one that was approved"


def test_one_without_check_mode_is_bound_to_its_inputs_too(session: ScopedSession, careful: Fleet) -> None:
    wanted = RunRequest("hang", {"device_ids": careful.ids()}, {"directory": "/nowhere"})
    run = request(session, careful.actor, wanted, NOW)
    decide(session, careful, run)
    careful.named("pi-02")[0].camera_port = 8554
    session.commit()
    assert "pi-02" in (start(session, run, run.revision) or "")


def test_what_waits_for_a_decision_can_be_listed(session: ScopedSession, careful: Fleet, proposed: Run) -> None:
    run = checked(session, proposed)
    waiting = [one.run_id for one in approvals.search(session, NOW, limit=10, cursor=None).items]
    assert waiting == [run.id]
    decide(session, careful, run)
    assert approvals.search(session, NOW, limit=10, cursor=None).items == []
    assert len(approvals.search(session, None, limit=10, cursor=None).items) == 1


def test_the_end_of_a_check_whose_run_was_canceled_changes_nothing(session: ScopedSession, proposed: Run) -> None:
    check = session.scalars(sa.select(Run).where(Run.check_of_id == proposed.id)).one()
    (part,) = flow.begun(session, check)
    proposed.state = RunState.CANCELED
    session.commit()
    slices.end(session, part.slice_id, SliceState.FINISHED, "", NOW)
    assert flow.fresh(session, proposed).diff_sha256 is None
