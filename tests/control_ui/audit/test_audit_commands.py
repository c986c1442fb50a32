"""`flask --app control_ui audit verify`: what it prints, and its exit code."""

from __future__ import annotations

import pytest
from click.testing import Result
from flask import Flask

from control_ui.models.scope import ScopedSession
from control_ui.services.actor import system
from control_ui.services.audit import verify
from control_ui.services.audit.trail import Subject, record
from tests.control_ui import factories
from tests.control_ui.audit import tampering
from tests.control_ui.conftest import NOW


@pytest.fixture
def chain(session: ScopedSession) -> str:
    tenant = factories.tenant(session, "ours")
    for number in range(3):
        record(session, system("a test"), "thing.act", Subject("thing", number), tenant_id=tenant.id, at=NOW)
    record(session, system("a test"), "thing.act", Subject("thing", 0), tenant_id=None, at=NOW)
    session.commit()
    return f"tenant:{tenant.id}"


def run(app: Flask, *arguments: str) -> Result:
    return app.test_cli_runner().invoke(args=["audit", "verify", *arguments])


def test_a_whole_trail_exits_with_nothing_wrong(app: Flask, chain: str) -> None:
    result = run(app)
    assert result.exit_code == 0, result.output
    assert f"{chain}: 3 entries whole" in result.output
    assert "platform: 1 entries whole" in result.output
    assert "The audit trail is whole." in result.output


def test_a_broken_one_is_named_by_chain_sequence_and_id_and_exits_with_1(
    app: Flask, session: ScopedSession, chain: str
) -> None:
    tampering.change(session, chain, 2, "reason", "Another")
    result = run(app)
    assert result.exit_code == 1
    assert f"BROKEN chain {chain}: entry 2 (id 2): its content does not match its hash" in result.output
    assert run(app, "--tenant", "ours").exit_code == 1


def test_one_tenants_chain_can_be_verified_alone(app: Flask, session: ScopedSession, chain: str) -> None:
    tampering.change(session, "platform", 1, "reason", "Another")
    result = run(app, "--tenant", "ours")
    assert result.exit_code == 0
    assert "platform" not in result.output


def test_an_unknown_tenant_is_refused_with_those_there_are(app: Flask, chain: str) -> None:
    result = run(app, "--tenant", "outs")
    assert result.exit_code == 1
    assert "there is no tenant 'outs'; there are: ours" in result.output


def test_an_anchor_is_compared_with_what_is_there_now(app: Flask, session: ScopedSession, chain: str) -> None:
    (report,) = verify.examine(session, chain)
    assert run(app, "--tenant", "ours", "--anchor", f"3:{report.hash}").exit_code == 0
    rewritten = run(app, "--tenant", "ours", "--anchor", f"3:{'0' * 64}")
    assert rewritten.exit_code == 1
    assert "the chain was rewritten" in rewritten.output
    assert "is no anchor" in run(app, "--tenant", "ours", "--anchor", "3").output
    assert run(app, "--anchor", f"3:{report.hash}").exit_code == 2
