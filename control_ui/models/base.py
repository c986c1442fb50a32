"""The declarative base, and what columns have in common."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

NAMING = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
Words = TypeVar("Words", bound=StrEnum)


class UtcDateTime(sa.types.TypeDecorator[datetime]):
    """An aware moment, kept in UTC: SQLite forgets offsets."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    @property
    def python_type(self) -> type[datetime]:
        return datetime

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def words(kind: type[Words], *, nullable: bool = False, index: bool = False) -> Any:
    """A column for a StrEnum, kept as text so that a new word needs no migration of a type."""
    column = sa.Enum(kind, native_enum=False, length=24, values_callable=lambda words: [word.value for word in words])
    return mapped_column(column, nullable=nullable, index=index)


class Base(DeclarativeBase):
    metadata = sa.MetaData(naming_convention=NAMING)
    type_annotation_map = {  # noqa: RUF012  # the name and the form are SQLAlchemy's
        int: sa.BigInteger().with_variant(sa.Integer, "sqlite"),
        datetime: UtcDateTime,
        dict[str, Any]: sa.JSON,
        list[Any]: sa.JSON,
        list[str]: sa.JSON,
        str: sa.Text,
    }


class Walled:
    """A row that a scoped session sees only if its `tenant_id` is the scope's (see scope.py).

    Where it is None, the row is the platform's, and no tenant sees it.
    """

    tenant_id: Mapped[int | None] = mapped_column(sa.ForeignKey("tenants.id"), index=True)


class TenantOwned(Walled):
    """A row that belongs to one tenant, always."""

    tenant_id: Mapped[int] = mapped_column(sa.ForeignKey("tenants.id"), index=True)


class TenantStamped(TenantOwned):
    """A row of one tenant in a table that grows by the thousand.

    Its `tenant_id` is neither a foreign key nor an index: with them, storing an event of a run took half as long again.
    """

    tenant_id: Mapped[int] = mapped_column()
