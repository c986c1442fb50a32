"""Every migration goes up and down, and the models are what the newest one makes."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.script import ScriptDirectory

from control_ui.database import alembic_config, downgrade, make_engine, upgrade
from control_ui.models.scope import ScopedSession
from control_ui.services import actor
from control_ui.services.audit.trail import Subject, record

REVISIONS = [script.revision for script in ScriptDirectory.from_config(alembic_config("sqlite://")).walk_revisions()][
    ::-1
]


def tables(url: str) -> set[str]:
    engine = make_engine(url)
    names = set(sa.inspect(engine).get_table_names())
    engine.dispose()
    return names - {"alembic_version"}


def test_the_models_are_what_the_newest_migration_makes(database_url: str) -> None:
    command.check(alembic_config(database_url))


def test_every_migration_goes_down_and_up_again(database_url: str) -> None:
    newest = tables(database_url)
    for revision in ["base", *REVISIONS][-2::-1]:
        downgrade(database_url, revision)
    assert tables(database_url) == set()
    for revision in REVISIONS:
        upgrade(database_url, revision)
    assert tables(database_url) == newest


@pytest.mark.parametrize("statement", ["UPDATE audit_entries SET reason = 'x'", "DELETE FROM audit_entries"])
def test_the_database_refuses_to_change_the_audit_trail(session: ScopedSession, statement: str) -> None:
    record(session, actor.system("a test"), "test.act", Subject("test", 1), tenant_id=None)
    session.commit()
    with pytest.raises(sa.exc.DBAPIError, match="append-only"):
        session.execute(sa.text(statement))


def test_postgresql_refuses_to_truncate_the_audit_trail(session: ScopedSession) -> None:
    if session.get_bind().dialect.name == "sqlite":
        return  # it has no TRUNCATE
    with pytest.raises(sa.exc.DBAPIError, match="append-only"):
        session.execute(sa.text("TRUNCATE audit_entries"))


@pytest.mark.parametrize("table", ["run_events", "device_logs", "device_samples"])
def test_a_table_that_grows_by_the_thousand_has_no_index_but_those_it_is_read_by(database_url: str, table: str) -> None:
    engine = make_engine(database_url)
    found = sa.inspect(engine)
    indexed = {column for index in found.get_indexes(table) for column in index["column_names"]}
    assert found.get_foreign_keys(table) == []
    assert indexed <= {"run_id", "host", "device_id", "at"}
    engine.dispose()
