"""Which tenant a platform administrator means. Everybody else has one, and sees no other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from control_ui.models import Tenant
from control_ui.models.scope import Scope, open_session
from control_ui.services import rows
from control_ui.services.pages import MOST_PER_PAGE
from control_ui.services.people import tenants
from control_ui.views.api.operation import Call
from control_ui.views.state import app_state


def to_choose_from(call: Call) -> Sequence[Tenant]:
    """Nothing for people of a tenant."""
    if call.session.scope.tenant_id is not None:
        return []
    return tenants.listed(call.session, limit=MOST_PER_PAGE, cursor=None).items


@contextmanager
def within(call: Call, tenant_id: int | None) -> Iterator[Call]:
    """The same call, narrowed to a tenant where one is chosen. Raises NotFoundError for one that is not there."""
    if tenant_id is None or call.session.scope.tenant_id is not None:
        yield call
        return
    rows.fetch(call.session, Tenant, tenant_id, "tenant")
    call.session.commit()  # or SQLite would have the second session wait for the first
    with open_session(app_state().sessions, Scope(tenant_id)) as session:
        yield replace(call, session=session)
