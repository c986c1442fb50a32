"""People with passwords, and what tests ask of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from argon2 import PasswordHasher
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from control_ui.models import AuditEntry, Tenant, User
from control_ui.models.people import Role
from control_ui.models.scope import ALL_TENANTS, SessionFactory, open_session
from tests.control_ui import factories

CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
"""What a test can wait for."""
PASSWORD = "wednesday green otter"
OTHER_PASSWORD = "seventeen quiet kettles"
PASSWORD_HASH = CHEAP.hash(PASSWORD)


@dataclass(frozen=True)
class Cast:
    """A tenant with one person of each role, another tenant's administrator, and the platform's."""

    tenant: Tenant
    users: dict[Role, User]
    stranger: User

    def __getitem__(self, role: Role) -> User:
        return self.users[role]


def make_cast(sessions: SessionFactory) -> Cast:
    with open_session(sessions, ALL_TENANTS) as session:
        tenant, other = factories.tenant(session, "ours"), factories.tenant(session, "theirs")
        users = {
            role: factories.user(
                session,
                None if role == Role.PLATFORM_ADMIN else tenant,
                role,
                email=f"{role}@ours.test",
                password_hash=PASSWORD_HASH,
            )
            for role in Role
        }
        stranger = factories.user(session, other, Role.ADMIN, email="stranger@theirs.test", password_hash=PASSWORD_HASH)
        session.commit()
        return Cast(tenant, users, stranger)


def login(client: FlaskClient, email: str, password: str = PASSWORD, address: str = "192.0.2.1") -> TestResponse:
    return client.post(
        "/auth/login", json={"email": email, "password": password}, environ_base={"REMOTE_ADDR": address}
    )


def tokens(client: FlaskClient, user: User) -> dict[str, Any]:
    """What a fresh sign-in gives."""
    answer = login(client, user.email)
    assert answer.status_code == 200, answer.text
    given: dict[str, Any] = answer.get_json()
    return given


def bearing(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def fresh(sessions: SessionFactory, user: User) -> User:
    """The person as they are in the database now."""
    with open_session(sessions, ALL_TENANTS) as session:
        return session.scalars(sa.select(User).where(User.id == user.id)).one()


def change(sessions: SessionFactory, user: User, **values: Any) -> None:
    """Change columns behind everybody's back."""
    with open_session(sessions, ALL_TENANTS) as session:
        session.execute(sa.update(User).where(User.id == user.id).values(**values))
        session.commit()


def trail(sessions: SessionFactory, *actions: str) -> list[AuditEntry]:
    """The audit entries with these actions, oldest first."""
    with open_session(sessions, ALL_TENANTS) as session:
        query = sa.select(AuditEntry).where(AuditEntry.action.in_(actions)).order_by(AuditEntry.id)
        return list(session.scalars(query))
