"""Whether this process is to end: set by its handler of SIGTERM, looked at by whatever takes longer."""

from __future__ import annotations

import threading

STOPPING = threading.Event()
