"""The pages of the section Runs."""

from control_ui.views.pages.runs import listing

__all__ = ["listing"]
