"""The pages of the section Alerts."""

from control_ui.views.pages.alerts import listing

__all__ = ["listing"]
