"""Four eyes, from the request to the change on the device."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from control_ui.jobs.context import JobContext
from control_ui.models import Run
from control_ui.models.runs import Decision, RunState
from control_ui.models.scope import ScopedSession
from control_ui.services.runs import approvals
from tests.control_ui.conftest import NOW
from tests.control_ui.runs import flow
from tests.control_ui.runs.conftest import Ask, Fleet
from tests.control_ui.runs.work import done, on_postgresql


@on_postgresql
def test_four_eyes_from_the_request_to_the_change(
    here: JobContext, session: ScopedSession, careful: Fleet, ask: Ask, tmp_path: Path
) -> None:
    (tmp_path / "pi-01").write_text("old\n")
    run = ask("change", "pi-01", asker=careful)
    check = session.scalars(sa.select(Run).where(Run.check_of_id == run.id)).one()
    assert done(session, check).state == RunState.SUCCEEDED
    (diff,) = flow.host_of(session, check, "pi-01").diffs
    assert (diff["before"], diff["after"]) == ("old\n", "new\n")
    assert (tmp_path / "pi-01").read_text() == "old\n"
    run = flow.fresh(session, run)
    assert run.diff_sha256 is not None
    approvals.decide(session, careful.other, run.id, Decision.APPROVED, run.diff_sha256, "fine", NOW)
    assert done(session, run).state == RunState.SUCCEEDED
    assert (tmp_path / "pi-01").read_text() == "new\n"


@on_postgresql
def test_an_approved_run_whose_inputs_have_changed_changes_nothing(
    here: JobContext, session: ScopedSession, careful: Fleet, ask: Ask, tmp_path: Path
) -> None:
    run = ask("change", "pi-01", asker=careful)
    done(session, session.scalars(sa.select(Run).where(Run.check_of_id == run.id)).one())
    run = flow.fresh(session, run)
    approvals.decide(session, careful.other, run.id, Decision.APPROVED, str(run.diff_sha256), "fine", NOW)
    careful.devices[0].camera_port = 8554
    session.commit()
    run = done(session, run)
    assert (run.state, run.error) == (
        RunState.FAILED,
        "what this run depends on has changed since it was approved: pi-01",
    )
    assert not (tmp_path / "pi-01").exists()
