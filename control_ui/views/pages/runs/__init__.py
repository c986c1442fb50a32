"""The pages of the section Runs."""

from control_ui.views.pages.runs import actions, host, listing, one, output, rollback, start

__all__ = ["actions", "host", "listing", "one", "output", "rollback", "start"]
