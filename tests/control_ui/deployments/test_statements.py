"""However many devices there are, a deployment takes the same number of statements: 500 must not take minutes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy import event

from control_ui.models import ConfigVersion, Device, DeviceState
from control_ui.models.scope import SessionFactory
from control_ui.services.deployments.rollback import roll_back
from tests.control_ui.deployments.conftest import Stage

Make = Callable[..., Stage]
FEW, MANY = 3, 40


@contextmanager
def counted(sessions: SessionFactory) -> Iterator[list[str]]:
    """The statements that are sent meanwhile. SQLite, which is in the same process, takes new rows one by one."""
    sent: list[str] = []
    engine = sessions.kw["bind"]
    one_by_one = engine.dialect.name == "sqlite"

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if not (one_by_one and statement.startswith("INSERT")):
            sent.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    yield sent
    event.remove(engine, "before_cursor_execute", note)


def statements(make: Make, sessions: SessionFactory, prefix: str, number: int) -> list[int]:
    """Of asking for it, of its first wave, of judging all devices; of asking for its rollback, and of that one's wave,
    when all Pis have numbered configurations by themselves meanwhile."""
    stage = make(*(f"{prefix}-{index:03}" for index in range(number)))
    stage.new_version(jpeg_quality=70)
    found = []
    with counted(sessions) as sent:
        made = stage.deploy()
    found.append(len(sent))
    with counted(sessions) as sent:
        stage.advance()
    found.append(len(sent))
    _all_report(stage, 2)
    with counted(sessions) as sent:
        stage.advance(5)
    found.append(len(sent))
    assert set(stage.progress(made).values()) == {"applied"}
    with stage.session() as session, counted(sessions) as sent:
        roll_back(session, stage.actor, made, "a test", stage.now)
    found.append(len(sent))
    rollback = stage.rollback_of(made)
    _all_report(stage, 9)
    with counted(sessions) as sent:
        stage.advance()
    found.append(len(sent))
    with stage.session() as session:
        given = [row.config_version_id for row in stage.rows(rollback).values()]
        numbers = session.scalars(sa.select(ConfigVersion.number).where(ConfigVersion.id.in_(given))).all()
    assert numbers == [10] * number
    _all_report(stage, 10)
    stage.advance(5)
    assert set(stage.progress(rollback).values()) == {"applied"}
    return found


def _all_report(stage: Stage, number: int) -> None:
    """As if every Pi had checked in with this configuration in force."""
    report = {
        "status": {"snapshot": {"sequence": 1, "age_seconds": 1.0, "config_version": number}},
        "stream": {"status": "streaming"},
    }
    with stage.session() as session:
        mine = sa.select(Device.id).where(Device.tenant_id == stage.tenant.id)
        change = sa.update(DeviceState).where(DeviceState.device_id.in_(mine))
        seen_at = stage.now + timedelta(seconds=1)
        session.execute(change.values(config_version=number, report=report, last_seen_at=seen_at))
        session.commit()


def test_a_deployment_takes_as_many_statements_for_many_devices_as_for_few(
    stage_of: Make, sessions: SessionFactory
) -> None:
    few = statements(stage_of, sessions, "few", FEW)
    many = statements(stage_of, sessions, "many", MANY)
    assert many == few
    assert sum(few) < 250
