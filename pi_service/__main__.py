"""`python3 -m pi_service COMMAND`."""

from __future__ import annotations

import sys

from pi_service.cli import main

if __name__ == "__main__":
    sys.exit(main())
