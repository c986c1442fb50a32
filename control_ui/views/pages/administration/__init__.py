"""The pages of the section Administration."""

from control_ui.views.pages.administration import listing

__all__ = ["listing"]
