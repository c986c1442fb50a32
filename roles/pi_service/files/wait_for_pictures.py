#!/usr/bin/python3
"""Waits until the running stream unit publishes pictures; else says why there are none and fails.

wait_for_pictures.py SECONDS
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

STREAM_STATE = Path("/run/carwash/stream.json")


def state() -> dict[str, Any]:
    """What the stream unit last said, or nothing if it says nothing or was said by a process that is gone."""
    try:
        document: dict[str, Any] = json.loads(STREAM_STATE.read_bytes())
    except (OSError, ValueError):
        return {}
    return document if Path(f"/proc/{document.get('supervisor_pid')}").exists() else {}


def main() -> int:
    deadline = time.monotonic() + float(sys.argv[1])
    while (now := state()).get("status") != "streaming":
        if time.monotonic() > deadline:
            error = now.get("last_error") or {}
            reason = f": {error['reason']}, {error['detail']}" if error else ""
            sys.stdout.write(
                f"no picture within {sys.argv[1]} s; the stream is {now.get('status', 'silent')}{reason}\n"
            )
            return 1
        time.sleep(0.3)
    return 0


if __name__ == "__main__":
    sys.exit(main())
