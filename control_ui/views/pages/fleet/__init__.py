"""The pages of the section Fleet."""

from control_ui.views.pages.fleet import actions, overview

__all__ = ["actions", "overview"]
