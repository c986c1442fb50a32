"""How applying configurations went: counters for the metrics, and the last few results for people."""

from __future__ import annotations

import logging
from collections import Counter
from datetime import datetime
from typing import Any

from pi_service.atomic_files import read_json, write_json
from pi_service.clock import rfc3339
from pi_service.paths import Paths

log = logging.getLogger(__name__)

KEPT_RESULTS = 50
COUNTED = ("applied", "unchanged", "refused", "rolled_back")


class ApplyRecord:
    """`config-apply.json`: `{counts: {<result>: n}, last: {...}, history: [...]}`."""

    def __init__(self, paths: Paths) -> None:
        self._path = paths.state_dir / "config-apply.json"

    def read(self) -> dict[str, Any]:
        """The record, empty where there is none or it is damaged."""
        empty: dict[str, Any] = {"counts": dict.fromkeys(COUNTED, 0), "last": None, "history": []}
        try:
            document = read_json(self._path)
        except (OSError, ValueError) as error:
            log.warning("%s cannot be used, counting begins anew: %s", self._path, error)
            return empty
        return empty if document is None else {**empty, **document}

    def add(self, outcome: dict[str, Any], now: datetime) -> None:
        """Count one outcome (`result`, `tried`, `old_version`, `new_version`, `reason`). Not worth failing for."""
        record = self.read()
        counts = Counter(record["counts"])
        counts[outcome["result"].replace(" ", "_")] += 1
        entry = {"at": rfc3339(now), **outcome}
        history = [*record["history"], entry][-KEPT_RESULTS:]
        try:
            write_json(self._path, {"counts": counts, "last": entry, "history": history})
        except OSError as error:
            log.warning("the result was not recorded in %s: %s", self._path, error)
