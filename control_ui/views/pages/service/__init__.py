"""The pages of the section Service."""

from control_ui.views.pages.service import listing, site

__all__ = ["listing", "site"]
