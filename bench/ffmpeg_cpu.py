"""CPU of the way we use ffmpeg, beside the naive full decode with an fps filter, on the same camera at the same time."""

from __future__ import annotations

import os
import signal
import subprocess
import time

from bench.table import markdown

SECONDS = 60
INTERVAL_SECONDS = 12
