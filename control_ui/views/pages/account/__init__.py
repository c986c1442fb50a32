"""One's own account: the door, the password, the profile, and where one is signed in."""

from control_ui.views.pages.account import door, password, profile

__all__ = ["door", "password", "profile"]
