"""How this control plane knows its own silences in Alertmanager: by who they say has made them."""

from __future__ import annotations

_OURS = "carwash control plane, "


def of_alert(alert_id: int) -> str:
    """Of the silence that an acknowledged alert has."""
    return f"{_OURS}alert {alert_id}"


def of_silence(silence_id: int) -> str:
    """Of the silence that a silence here has there."""
    return f"{_OURS}silence {silence_id}"


def is_ours(created_by: str) -> bool:
    return created_by.startswith(_OURS)
