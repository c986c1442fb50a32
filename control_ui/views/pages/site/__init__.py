"""The pages of one site: tabs with addresses of their own, and what can be done from them."""

from control_ui.views.pages.site import (
    actions,
    charts,
    configuration,
    diagnostics,
    history,
    live_log,
    logs,
    named,
    overview,
    picture,
    rollback,
)

__all__ = [
    "actions",
    "charts",
    "configuration",
    "diagnostics",
    "history",
    "live_log",
    "logs",
    "named",
    "overview",
    "picture",
    "rollback",
]
