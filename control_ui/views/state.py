"""What the views need of the application, typed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import cast

import redis
from flask import current_app

from control_ui.models.scope import SessionFactory
from control_ui.services.fleet.live import FleetMemory
from control_ui.services.pictures.latest import Pictures
from control_ui.settings import Settings
from control_ui.work_queue import WorkQueue

KEY = "carwash"


@dataclass(frozen=True)
class AppState:
    settings: Settings
    sessions: SessionFactory
    redis: redis.Redis
    work: WorkQueue
    pictures: Pictures
    fleet: FleetMemory = field(default_factory=FleetMemory)


def app_state() -> AppState:
    """The state that create_app put into the application."""
    return cast(AppState, current_app.extensions[KEY])
