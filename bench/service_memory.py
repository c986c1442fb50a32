"""Memory of the three services on a virtual site."""

from __future__ import annotations

from bench.site import provisioned_fleet
from bench.table import markdown

UNITS = ("carwash-stream", "carwash-snapshot", "carwash-agent")
