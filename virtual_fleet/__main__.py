"""`python -m virtual_fleet`."""

import sys

from virtual_fleet.cli import main

sys.exit(main())
