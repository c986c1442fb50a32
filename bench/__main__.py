"""`python -m bench [NAME ...]`: run the benchmarks and print their tables, as docs/benchmarks.md shows them."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

from bench import ffmpeg_cpu, pages, prometheus_size, recovery, run_recording, runs, service_memory, snapshot_api

BENCHMARKS: dict[str, Callable[[], str]] = {
    "snapshot-api": snapshot_api.run,
    "ffmpeg-cpu": ffmpeg_cpu.run,
    "service-memory": service_memory.run,
    "recovery": recovery.run,
    "runs": runs.run,
    "run-recording": run_recording.run,
    "pages": pages.run,
    "prometheus-size": prometheus_size.run,
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("name", nargs="*", choices=[*BENCHMARKS, []], help="which ones; default: all")
    for name in parser.parse_args().name or BENCHMARKS:
        print(f"... {name}", file=sys.stderr, flush=True)
        print(BENCHMARKS[name](), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
