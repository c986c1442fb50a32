"""The pages of the section Deployments."""

from control_ui.views.pages.deployments import listing

__all__ = ["listing"]
