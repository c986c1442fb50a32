"""The database itself guards the audit trail, and has a place for rows of any time."""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

APPEND_ONLY = ("audit_entries", "template_versions")
PARTITIONED = ("run_events", "device_logs", "device_samples")
WORDS = "is append-only"


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        _guard_on_postgresql()
        for table in PARTITIONED:
            op.execute(f"CREATE TABLE {table}_pdefault PARTITION OF {table} DEFAULT")
    else:
        _guard_on_sqlite()


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for table in PARTITIONED:
            op.execute(f"DROP TABLE {table}_pdefault")
        for table in APPEND_ONLY:
            op.execute(f"DROP TRIGGER {table}_row_guard ON {table}")
            op.execute(f"DROP TRIGGER {table}_truncate_guard ON {table}")
        op.execute("DROP FUNCTION refuse_change()")
    else:
        for table in APPEND_ONLY:
            for verb in ("update", "delete"):
                op.execute(f"DROP TRIGGER {table}_{verb}_guard")


def _guard_on_postgresql() -> None:
    op.execute(
        "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$"
        f" BEGIN RAISE EXCEPTION '% {WORDS}: % refused', TG_TABLE_NAME, TG_OP; END $$"
    )
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_row_guard BEFORE UPDATE OR DELETE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
        op.execute(
            f"CREATE TRIGGER {table}_truncate_guard BEFORE TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )


def _guard_on_sqlite() -> None:
    for table in APPEND_ONLY:
        for verb in ("update", "delete"):
            op.execute(
                f"CREATE TRIGGER {table}_{verb}_guard BEFORE {verb.upper()} ON {table}"
                f" BEGIN SELECT RAISE(ABORT, '{table} {WORDS}: {verb.upper()} refused'); END"
            )
