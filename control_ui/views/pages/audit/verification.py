"""Whether the trail is whole."""

from __future__ import annotations

import time

import sqlalchemy as sa
from flask import render_template

from control_ui.models import AuditHead, AuditVerification
from control_ui.services.audit import verify
from control_ui.services.permissions import Permission
from control_ui.views.api.operation import Call
from control_ui.views.pages.page import Answer, page


@page("/audit/verification", permission=Permission.AUDIT_READ)
def audit_verification(call: Call) -> Answer:
    """What the last verification of each chain found, and a button for the next."""
    heads = call.session.scalars(sa.select(AuditHead).order_by(AuditHead.chain)).all()
    last = {row.chain: row for row in call.session.scalars(sa.select(AuditVerification))}
    return render_template("audit/verification.html", heads=heads, last=last, reports=None, seconds=0)


@page("/audit/verification", methods=("POST",), permission=Permission.AUDIT_READ)
def audit_verified(call: Call) -> Answer:
    """Follow the chains now: an answer, not a state, so it is shown and not redirected to."""
    began = time.perf_counter()
    reports = verify.check(call.session, call.actor, call.now)
    return render_template("audit/verification.html", reports=reports, seconds=time.perf_counter() - began)
