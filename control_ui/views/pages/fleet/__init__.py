"""The pages of the section Fleet."""

from control_ui.views.pages.fleet import overview

__all__ = ["overview"]
