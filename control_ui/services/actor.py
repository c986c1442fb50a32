"""Who does something, and from where: handed to every service, written into every audit entry."""

from __future__ import annotations

from dataclasses import dataclass, field

from control_ui.services.errors import ForbiddenError
from control_ui.services.permissions import Permission


@dataclass(frozen=True)
class Actor:
    """`kind` is user, token, device, system or anonymous; `id` is the row's (a token's is its user's)."""

    kind: str
    id: int | None
    name: str
    tenant_id: int | None = None
    permissions: frozenset[Permission] = field(default_factory=frozenset)
    remote_address: str = ""
    request_id: str = ""
    token_id: int | None = None
    """The API token that was shown, where one was."""

    @property
    def user_id(self) -> int | None:
        """The person behind it, where there is one."""
        return self.id if self.kind in ("user", "token") else None

    def require(self, permission: Permission) -> None:
        """Raises ForbiddenError."""
        if permission not in self.permissions:
            raise ForbiddenError(f"{self.name} may not do this: it needs the permission {permission}")


def system(name: str, tenant_id: int | None = None) -> Actor:
    """A part of the control plane that acts by itself: `system("deployments")`."""
    return Actor("system", None, name, tenant_id, frozenset(Permission))


ANONYMOUS = Actor("anonymous", None, "anonymous")
