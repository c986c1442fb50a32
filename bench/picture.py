"""A camera-like JPEG of a wanted size."""

from __future__ import annotations

import subprocess


def jpeg_of_about(size_bytes: int) -> bytes:
    """A 1080p JPEG of at least `size_bytes`: as much sensor noise on a test card as it takes."""
    for noise in range(0, 100, 2):
        source = ["-f", "lavfi", "-i", "testsrc2=size=1920x1080", "-vf", f"noise=alls={noise}"]
        picture = subprocess.run(
            ["ffmpeg", "-v", "error", *source, "-frames:v", "1", "-q:v", "5", "-f", "mjpeg", "pipe:1"],
            capture_output=True,
            check=True,
            timeout=30,
        ).stdout
        if len(picture) >= size_bytes:
            return picture
    raise ValueError(f"no test picture reaches {size_bytes} bytes")
