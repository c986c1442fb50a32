"""How alembic reaches the database and our models."""

from __future__ import annotations

import re
from typing import Any, Literal

import sqlalchemy as sa
from alembic import context

from control_ui.database import make_engine
from control_ui.models import Base
from control_ui.models.base import UtcDateTime
from control_ui.models.secrets import SecretJson, SecretText

PARTITION = re.compile(r".+_p(\d{8}|default)")


def is_ours(_object: Any, name: str | None, kind: str, _reflected: bool, _compared: Any) -> bool:
    """Partitions come and go with time: they are no part of the models."""
    return not (kind == "table" and name is not None and PARTITION.fullmatch(name))


def plain_type(kind: str, value: Any, _context: Any) -> str | Literal[False]:
    """Migrations name the database's own types, so that they stand when our classes change."""
    if kind == "type" and isinstance(value, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(value, SecretText | SecretJson):
        return "sa.LargeBinary()"
    if kind == "type" and isinstance(value, sa.Enum):
        return f"sa.String({value.length})"
    return False


def run() -> None:
    engine = make_engine(context.config.attributes["url"])
    with engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            include_object=is_ours,
            render_item=plain_type,
            render_as_batch=connection.dialect.name == "sqlite",
            compare_type=True,
        )
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()
    engine.dispose()


run()
