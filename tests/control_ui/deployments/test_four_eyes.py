"""Where the tenant wants four eyes, a deployment waits for another person, who approves the very differences seen."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from control_ui.models.deployments import DeploymentState
from control_ui.models.runs import Decision
from control_ui.services.actor import Actor
from control_ui.services.deployments import differences
from control_ui.services.deployments.approve import decide, found
from control_ui.services.deployments.rollback import roll_back
from control_ui.services.errors import ConflictError, ForbiddenError, NotFoundError
from tests.control_ui.deployments.conftest import Stage

Make = Callable[..., Stage]
APPROVED, REJECTED = Decision.APPROVED, Decision.REJECTED


@pytest.fixture
def careful(stage_of: Make) -> Stage:
    """Two Pis of a tenant that wants four eyes."""
    stage = stage_of("pi-1", "pi-2", requires_approval=True)
    stage.new_version(jpeg_quality=70)
    return stage


def seen(stage: Stage, deployment_id: int) -> str:
    """The hash that the deployment shows."""
    return str(stage.deployment(deployment_id).diff_sha256)


def decided(
    stage: Stage,
    deployment_id: int,
    decision: Decision = APPROVED,
    *,
    by: Actor | None = None,
    sha256: str | None = None,
) -> None:
    digest = seen(stage, deployment_id) if sha256 is None else sha256
    with stage.session() as session:
        decide(session, by or stage.other, deployment_id, decision, digest, "I have looked", stage.now)


def test_nothing_happens_before_another_person_has_approved_it(careful: Stage) -> None:
    made = careful.deploy()
    careful.round()
    assert careful.deployment(made).state == DeploymentState.PROPOSED
    assert [pi.version for pi in careful.pis.values()] == [1, 1]
    assert careful.runs(made) == []
    decided(careful, made)
    careful.round()
    assert careful.deployment(made).state == DeploymentState.SUCCEEDED
    assert [pi.documents[-1]["jpeg_quality"] for pi in careful.pis.values()] == [70, 70]
    entry = next(entry for entry in careful.audit(made) if entry.action == "deployment.approve")
    assert (entry.actor_name, entry.reason) == (careful.admin.email, "I have looked")
    assert entry.after
    assert entry.after["diff_sha256"] == seen(careful, made)


def test_the_hash_is_of_what_is_shown(careful: Stage) -> None:
    made = careful.deploy()
    deployment = careful.deployment(made)
    with careful.session() as session:
        page = differences.page(session, deployment, limit=10, cursor=None)
    assert differences.sha256(page.items) == deployment.diff_sha256
    first = page.items[0]
    assert (first.device, first.from_number, first.to_number) == ("pi-1", 1, 2)
    assert ("$.jpeg_quality", None, 70) in [(change.path, change.before, change.after) for change in first.changes]


def test_who_asked_for_it_cannot_approve_it_and_the_attempt_is_told(careful: Stage) -> None:
    made = careful.deploy()
    with pytest.raises(ForbiddenError, match="four eyes"):
        decided(careful, made, by=careful.actor)
    last = careful.audit(made)[-1]
    assert (last.action, last.outcome, last.actor_name) == ("deployment.approve", "refused", careful.operator.email)
    assert careful.deployment(made).state == DeploymentState.PROPOSED


def test_differences_that_were_not_seen_cannot_be_approved(careful: Stage) -> None:
    made = careful.deploy()
    with pytest.raises(ConflictError, match="read them again"):
        decided(careful, made, sha256="0" * 64)


def test_a_rejected_deployment_is_over(careful: Stage) -> None:
    made = careful.deploy()
    decided(careful, made, REJECTED)
    ended = careful.deployment(made)
    assert (ended.state, ended.stop_reason) == (
        DeploymentState.CANCELED,
        f"rejected by {careful.admin.email}: I have looked",
    )
    assert set(careful.progress(made).values()) == {"canceled"}
    with pytest.raises(ConflictError, match="nothing to decide"):
        decided(careful, made)


def test_a_proposal_that_nobody_decides_on_expires(careful: Stage) -> None:
    made = careful.deploy()
    with careful.session() as session:
        approval = found(session, made)
    assert approval is not None
    careful.now = approval.expires_at
    with pytest.raises(ConflictError, match="too long"):
        decided(careful, made)
    careful.advance()
    ended = careful.deployment(made)
    assert (ended.state, ended.stop_reason) == (DeploymentState.CANCELED, "nobody approved it in time")


def test_what_was_approved_is_what_is_deployed_or_nothing(careful: Stage) -> None:
    """Two are proposed; once the later one is through, the earlier would bring something else than was seen."""
    earlier = careful.deploy()
    careful.new_version(jpeg_quality=71)
    later = careful.deploy("pi-1")
    decided(careful, later)
    careful.round()
    with pytest.raises(ConflictError, match=r"given something else since it was proposed: pi-1; propose it anew"):
        decided(careful, earlier)
    assert careful.pis["pi-2"].version == 1


def test_a_template_changed_after_the_proposal_changes_nothing_of_it(careful: Stage) -> None:
    made = careful.deploy("pi-1")
    careful.new_version(jpeg_quality=99)
    decided(careful, made)
    careful.round()
    assert careful.pis["pi-1"].documents[-1]["jpeg_quality"] == 70


def test_a_proposal_takes_nothing_from_others_until_it_is_approved(careful: Stage) -> None:
    first = careful.deploy("pi-1")
    decided(careful, first)
    careful.advance()
    careful.new_version(jpeg_quality=71)
    second = careful.deploy("pi-1")
    assert careful.progress(first) == {"pi-1": "delivering"}
    careful.round()
    assert careful.progress(first) == {"pi-1": "applied"}
    assert careful.deployment(second).state == DeploymentState.PROPOSED


def test_a_persons_rollback_waits_for_approval_and_stops_the_deployment_meanwhile(careful: Stage) -> None:
    careful.switch_off("pi-2")
    made = careful.deploy()
    decided(careful, made)
    careful.round()
    with careful.session() as session:
        back = roll_back(session, careful.actor, made, "dark pictures", careful.now).id
    assert careful.deployment(back).state == DeploymentState.PROPOSED
    assert careful.progress(made) == {"pi-1": "applied", "pi-2": "canceled"}
    decided(careful, back)
    assert careful.progress(made)["pi-1"] == "rolling back"
    careful.round()
    assert careful.progress(made)["pi-1"] == "rolled back"
    assert careful.pis["pi-1"].documents[-1].get("jpeg_quality") is None


def test_what_goes_wrong_is_taken_back_without_asking_again(careful: Stage) -> None:
    careful.pis["pi-2"].refuses = lambda _document: "no picture"
    made = careful.deploy()
    decided(careful, made)
    careful.round()
    careful.round()
    assert careful.deployment(made).state == DeploymentState.ROLLED_BACK


def test_a_deployment_without_four_eyes_has_nothing_to_decide(stage: Stage) -> None:
    made = stage.deploy("pi-1")
    with pytest.raises(NotFoundError, match="needs no approval"):
        decided(stage, made, sha256="0" * 64)
    stage.now += timedelta(days=30)
    stage.advance()
    assert stage.deployment(made).state != DeploymentState.CANCELED
