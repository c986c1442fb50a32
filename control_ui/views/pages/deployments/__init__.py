"""The pages of the section Deployments."""

from control_ui.views.pages.deployments import actions, listing, one, rollback

__all__ = ["actions", "listing", "one", "rollback"]
