"""The pages of the section Audit."""

from control_ui.views.pages.audit import entry, evidence, listing, reports, verification

__all__ = ["entry", "evidence", "listing", "reports", "verification"]
