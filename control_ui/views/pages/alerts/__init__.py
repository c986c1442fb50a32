"""The pages of the section Alerts."""

from control_ui.views.pages.alerts import acknowledge, alert, healing, incidents, listing, silences

__all__ = ["acknowledge", "alert", "healing", "incidents", "listing", "silences"]
