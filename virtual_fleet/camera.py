"""A camera as a process: `/usr/bin/python3 -m virtual_fleet.camera --listen 127.0.0.1 --port 0 ...`.

Prints `READY rtsp://ADDRESS:PORT/PATH` once it listens. Through the control socket it takes one JSON object a line:
`{"mode": "normal|refuse|silent|frozen"}` or `{"password": "..."}`, and answers each with `{"ok": true, "mode": ...}`
or `{"ok": false, "reason": ...}`. An empty object asks for the mode alone.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import socketserver
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from virtual_fleet.picture import Scene
from virtual_fleet.rtsp_server import Mode, RtspServer, Settings


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    server = RtspServer(_settings(options), Path(options.password_file).read_text().strip())
    try:
        port = server.listen()
    except OSError as failure:
        sys.stderr.write(f"camera {options.name!r}: {failure}\n")
        return 1
    if options.control:
        _serve_control(server, Path(options.control))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: os._exit(0))  # GLib's loop would notice a Python handler only much later
    sys.stdout.write(f"READY rtsp://{options.listen}:{port}{options.path}\n")
    sys.stdout.flush()
    server.run()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="virtual_fleet.camera", description="One RTSP camera with a running clock.")
    parser.add_argument("--listen", default="127.0.0.1", metavar="ADDRESS")
    parser.add_argument("--port", type=int, default=554, help="0 takes a free one")
    parser.add_argument("--path", default="/stream1")
    parser.add_argument("--user", default="camera")
    parser.add_argument("--password-file", required=True)
    parser.add_argument("--name", default="Car Wash", help="shown in the picture")
    parser.add_argument("--width", type=int, default=640)
    parser.add_argument("--height", type=int, default=360)
    parser.add_argument("--fps", type=int, default=5)
    parser.add_argument("--gop-seconds", type=float, default=1.0, help="from one keyframe to the next")
    parser.add_argument("--detail", type=int, default=12, help="amplitude of the noise: larger JPEGs")
    parser.add_argument("--quantizer", type=int, default=22)
    parser.add_argument("--max-sessions", type=int, default=0, help="how many may watch at once; 0: any number")
    parser.add_argument("--control", metavar="SOCKET", help="Unix socket that takes changes")
    return parser


def _settings(options: argparse.Namespace) -> Settings:
    return Settings(
        address=options.listen,
        port=options.port,
        path=options.path,
        user=options.user,
        scene=Scene(options.name, options.width, options.height, options.detail),
        fps=options.fps,
        gop_seconds=options.gop_seconds,
        quantizer=options.quantizer,
        max_sessions=options.max_sessions,
    )


def _serve_control(server: RtspServer, path: Path) -> None:
    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            for line in self.rfile:
                self.wfile.write((json.dumps(_answer(server, line)) + "\n").encode())

    path.unlink(missing_ok=True)
    control = socketserver.ThreadingUnixStreamServer(str(path), Handler)
    control.daemon_threads = True
    path.chmod(0o600)
    threading.Thread(target=control.serve_forever, name="control", daemon=True).start()


def _answer(server: RtspServer, line: bytes) -> dict[str, object]:
    try:
        request = json.loads(line)
        if "password" in request:
            server.set_password(str(request["password"]))
        if "mode" in request:
            server.set_mode(Mode(request["mode"]))
    except (ValueError, TypeError, OSError) as failure:
        return {"ok": False, "reason": str(failure)}
    return {"ok": True, "mode": server.mode.value}


if __name__ == "__main__":
    sys.exit(main())
