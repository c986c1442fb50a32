"""What self-healing remembers over restarts: counts that never go back, and how far each ladder was climbed."""

from __future__ import annotations

import logging
from collections import Counter
from pathlib import Path
from typing import Any

from pi_service.atomic_files import read_json, write_json
from pi_service.healing.ladder import Ladder

log = logging.getLogger(__name__)

BOOT_ID_FILE = Path("/proc/sys/kernel/random/boot_id")


class HealingRecord:
    """The file `self-healing.json`. Written when something was done, which is rare: it lies on an SD card."""

    def __init__(self, path: Path, boot_id: str) -> None:
        """Read the file; a damaged one is told, set aside, and counting begins anew."""
        self._path = path
        self._boot_id = boot_id
        self.counts: Counter[tuple[str, str]] = Counter()
        self.ladders: dict[str, Ladder] = {}
        try:
            self._read(read_json(path))
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            log.error("%s cannot be read (%s): counts of self-healing begin at zero", path, error)
            self.counts, self.ladders = Counter(), {}

    def ladder(self, name: str) -> Ladder:
        """The ladder against the fault `name`; a new one where there is none."""
        return self.ladders.setdefault(name, Ladder())

    def count(self, action: str, result: str) -> None:
        """Count one action and keep it."""
        self.counts[action, result] += 1
        self.save()

    def action_counts(self) -> list[dict[str, Any]]:
        """`[{action, result, count}]`, in order."""
        return [
            {"action": action, "result": result, "count": count}
            for (action, result), count in sorted(self.counts.items())
        ]

    def save(self) -> None:
        """Write the file. A disk that takes no more costs the memory of it, not the healing."""
        document = {
            "boot_id": self._boot_id,
            "actions": self.action_counts(),
            "ladders": {name: ladder.document() for name, ladder in self.ladders.items()},
        }
        try:
            write_json(self._path, document)
        except OSError as error:
            log.error("%s cannot be written: %s", self._path, error)

    def _read(self, document: dict[str, Any] | None) -> None:
        if document is None:
            return
        for entry in document["actions"]:
            self.counts[str(entry["action"]), str(entry["result"])] = int(entry["count"])
        same_boot = document["boot_id"] == self._boot_id
        for name, ladder in document["ladders"].items():
            self.ladders[name] = Ladder.from_document(ladder, same_boot=same_boot)


def read_boot_id() -> str:
    """The kernel's name for this boot."""
    return BOOT_ID_FILE.read_text().strip()
