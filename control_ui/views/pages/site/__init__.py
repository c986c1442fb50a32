"""The pages of one site."""

from control_ui.views.pages.site import overview

__all__ = ["overview"]
