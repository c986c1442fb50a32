"""How the seeded sites were served."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

import sqlalchemy as sa

from control_ui.models import Device, SiteDay
from control_ui.models.scope import ScopedSession

SERVICE_DAYS = 30
DAY_SECONDS = 86_400.0


def serve(session: ScopedSession, devices: list[Device], now: datetime, chance: random.Random) -> None:
    """How each site was served over the last month: most as promised, a tenth of them not, one bad day for all."""
    rows = []
    for place, device in enumerate(devices):
        if device.state.last_seen_at is None:
            continue
        for back in range(SERVICE_DAYS):
            away = chance.uniform(0, 200) + (chance.uniform(0, 5000) if place % 10 == 3 else 0) + 600 * (back == 11)
            stale = away + chance.uniform(0, 120)
            rows.append(
                {
                    "tenant_id": device.tenant_id, "site_id": device.site_id,
                    "day": (now - timedelta(days=back)).date(),
                    "counted_seconds": DAY_SECONDS, "reachable_seconds": DAY_SECONDS - away,
                    "fresh_seconds": DAY_SECONDS - stale, "available_seconds": DAY_SECONDS - stale,
                    "gaps": chance.randint(0, 3) + (away > 1000), "pictures": 8000 + chance.randint(0, 600),
                    "samples": 1440, "picture_age_seconds": 1440 * chance.uniform(5, 8),
                    "oldest_picture_seconds": stale, "measured_at": now - timedelta(minutes=12), "final": back > 0,
                }
            )  # fmt: skip
    session.execute(sa.insert(SiteDay), rows)
