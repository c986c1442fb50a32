"""How far a run is, in Redis, for who looks on.

`run:<id>` is a hash with a field for each slice, and the channel on which every change is told. What is lost there is
counted anew from the database.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import redis

from control_ui.models import Run
from control_ui.models.scope import ScopedSession
from control_ui.services.runs import results

KEEP_SECONDS = 24 * 3600


def key(run_id: int) -> str:
    """Of the hash, and of the channel."""
    return f"run:{run_id}"


def publish(connection: redis.Redis, run_id: int, slice_number: int, counts: dict[str, int], task: str) -> None:
    """Tell how far a slice is: its hosts by outcome or progress, and the task that began last. Raises
    redis.RedisError."""
    news = json.dumps({"slice": slice_number, "counts": counts, "task": task})
    with connection.pipeline(transaction=False) as pipe:
        pipe.hset(key(run_id), str(slice_number), news)
        pipe.expire(key(run_id), KEEP_SECONDS)
        pipe.publish(key(run_id), news)
        pipe.execute()


def read(session: ScopedSession, connection: redis.Redis, run: Run) -> dict[str, Any]:
    """`{counts, tasks, live}`: hosts by outcome or progress and the tasks under way. From the database, and not live,
    where the run is over or Redis does not know it."""
    told = _told(connection, run.id) if run.finished_at is None else {}
    counts = results.tally(session, run.id)
    if not told:
        return {"counts": counts, "tasks": [], "live": False}
    live = Counter[str]()
    for news in told.values():
        live.update(news["counts"])
    live["total"] = counts["total"]
    missing = counts["total"] - sum(number for name, number in live.items() if name != "total")
    # Held hosts belong to no slice, and slices that nobody has begun have told nothing.
    live["held"] += counts.get("held", 0)
    live["pending"] += max(0, missing - counts.get("held", 0))
    tasks = [news["task"] for _, news in sorted(told.items()) if news["task"]]
    return {"counts": {name: number for name, number in sorted(live.items()) if number}, "tasks": tasks, "live": True}


def _told(connection: redis.Redis, run_id: int) -> dict[int, dict[str, Any]]:
    try:
        found = connection.hgetall(key(run_id))
    except redis.RedisError:
        return {}  # the database knows it too, a second later
    return {int(number): json.loads(news) for number, news in found.items()}
