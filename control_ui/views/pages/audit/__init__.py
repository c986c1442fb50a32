"""The pages of the section Audit."""

from control_ui.views.pages.audit import listing

__all__ = ["listing"]
