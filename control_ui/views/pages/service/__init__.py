"""The pages of the section Service."""

from control_ui.views.pages.service import listing

__all__ = ["listing"]
