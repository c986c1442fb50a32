"""Who did what, when, why, from where, with what result; and whether the trail is whole."""

from __future__ import annotations

from control_ui.models import AuditEntry
from control_ui.services import rows
from control_ui.services.audit import search, verify
from control_ui.services.permissions import Permission
from control_ui.views.api.operation import Api, Call
from control_ui.views.api.schemas.audit import AuditEntryOut, AuditPage, AuditQuery, ChainOut, VerificationOut

api = Api("audit", "audit")


@api.get("/audit", permission=Permission.AUDIT_READ, query=AuditQuery, returns=AuditPage)
def entries(call: Call, query: AuditQuery) -> AuditPage:
    """List entries of the audit trail, the newest first."""
    filters = search.Filters(**query.model_dump(exclude={"limit", "cursor"}))
    page = search.search(call.session, filters, limit=query.limit, cursor=query.cursor)
    return AuditPage.model_validate(page)


@api.get("/audit/<int:entry_id>", permission=Permission.AUDIT_READ, returns=AuditEntryOut)
def entry(call: Call, entry_id: int) -> AuditEntryOut:
    """Show one entry, with what was before and after."""
    return AuditEntryOut.model_validate(rows.fetch(call.session, AuditEntry, entry_id, "audit entry"))


@api.post("/audit/verify", permission=Permission.AUDIT_READ, returns=VerificationOut)
def verification(call: Call) -> VerificationOut:
    """Verify the chains of the trail, and name the first broken entry of each.

    Of the caller's tenant; of every tenant and the platform for a platform administrator."""
    reports = verify.check(call.session, call.actor, call.now)
    return VerificationOut(
        intact=all(report.broken is None for report in reports),
        chains=[ChainOut.model_validate(report) for report in reports],
    )
