"""Serves the control plane: `python -m control_ui.wsgi` (waitress). nginx stands before it and ends TLS."""

from __future__ import annotations

import gc
import logging
import os
import sys

from waitress import serve

from control_ui import create_app
from control_ui.settings import SettingsError

THREADS = 16
DEFAULT_LISTEN = "127.0.0.1:8000"


def main() -> int:
    """Serve until SIGTERM. Returns the exit code: 1 where the environment does not make sense."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        app = create_app()
    except SettingsError as error:
        sys.stderr.write(f"control_ui: {error}\n")
        return 1
    # What is loaded stays: looking through it for garbage again and again would make every tenth page 120 ms slower.
    gc.collect()
    gc.freeze()
    serve(app, listen=os.environ.get("CARWASH_LISTEN", DEFAULT_LISTEN), threads=THREADS, ident="carwash")
    return 0


if __name__ == "__main__":
    sys.exit(main())
