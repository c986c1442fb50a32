"""The pages of the section Configuration."""

from control_ui.views.pages.configuration import library

__all__ = ["library"]
