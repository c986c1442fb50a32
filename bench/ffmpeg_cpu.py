"""CPU of the way we call ffmpeg, beside a naive full decode with an fps filter: the same camera at the same time."""

from __future__ import annotations

import os
import subprocess
import threading
import time

from bench.table import markdown
from pi_service.stream import ffmpeg
from pi_service.stream.decode_plan import DecodeMode
from pi_service.stream.mjpeg import MjpegParser
from virtual_fleet.cameras import Camera

SECONDS = 60
INTERVAL_SECONDS = 12


def run() -> str:
    """Both decoders for a minute on a 1080p15 H.264 camera with a 2 s GOP, as a table."""
    with Camera(width=1920, height=1080, fps=15, gop_seconds=2.0, password="bench") as camera:  # noqa: S106  # on loopback
        settings = ffmpeg.StreamSettings(camera.url, "tcp", INTERVAL_SECONDS, 85, 1920, "auto")
        measured = measure(
            {
                "keyframes only (ours)": ffmpeg.command(settings, DecodeMode.KEYFRAMES),
                "full decode, fps filter (naive)": naive_command(camera.url),
            }
        )
    naive = measured["full decode, fps filter (naive)"][0]
    rows = [
        (name, f"{seconds:.2f}", f"{seconds / SECONDS:.1%}", pictures, f"{seconds / naive:.2f}")
        for name, (seconds, pictures) in measured.items()
    ]
    return markdown(
        f"ffmpeg: CPU for one picture every {INTERVAL_SECONDS} s",
        ["way", f"CPU-s in {SECONDS} s", "of one core", "pictures", "ratio to naive"],
        rows,
        "A 1080p15 H.264 stream with a keyframe every 2 s, both decoders on it at once. Limit: ratio at most 0.5.",
    )


def naive_command(url: str) -> list[str]:
    """What one would write first: decode everything, let the fps filter pick."""
    return [
        *("ffmpeg", "-nostdin", "-v", "error", "-rtsp_transport", "tcp", "-i", url),
        *("-vf", f"fps=1/{INTERVAL_SECONDS}", "-q:v", "6", "-f", "image2pipe", "-c:v", "mjpeg", "pipe:1"),
    ]


def measure(commands: dict[str, list[str]]) -> dict[str, tuple[float, int]]:
    """CPU-seconds and pictures of each command, all run at once for `SECONDS`."""
    results: dict[str, tuple[float, int]] = {}
    threads = [
        threading.Thread(target=lambda name=name, command=command: results.update({name: cpu_of(command)}))
        for name, command in commands.items()
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return {name: results[name] for name in commands}


def cpu_of(command: list[str]) -> tuple[float, int]:
    """User and system CPU-seconds of `command` over `SECONDS`, and how many pictures it delivered."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert process.stdout is not None
    ending = threading.Timer(SECONDS, process.terminate)
    ending.start()
    parser, pictures = MjpegParser(), 0
    while data := os.read(process.stdout.fileno(), 65536):
        pictures += len(parser.feed(data, time.monotonic()))
    process.stdout.close()
    usage = os.wait4(process.pid, 0)[2]
    process.returncode = 0  # reaped by wait4, which tells the CPU time of this child alone
    ending.cancel()
    return usage.ru_utime + usage.ru_stime, pictures
