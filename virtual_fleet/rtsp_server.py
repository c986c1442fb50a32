"""One RTSP camera on GStreamer's RTSP server, with the ways in which real cameras misbehave.

Runs under the system's Python: GObject introspection comes from Debian, not from PyPI.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import gi  # type: ignore[import-not-found,unused-ignore]  # Debian's python3-gi, absent from a venv

from virtual_fleet.picture import Scene

gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtsp, GstRtspServer  # type: ignore[import-not-found,unused-ignore]  # noqa: E402

_PIPELINE = (
    "( appsrc name=frames is-live=true do-timestamp=true format=time block=false max-buffers=2 leaky-type=downstream"
    " caps=video/x-raw,format=I420,width={width},height={height},framerate={fps}/1"
    ' ! textoverlay name=name valignment=top halignment=center font-desc="Sans Bold {font}" shaded-background=true'
    ' ! textoverlay name=clock valignment=center halignment=center font-desc="Mono Bold {font}" shaded-background=true'
    " ! x264enc tune=zerolatency speed-preset=ultrafast pass=quant quantizer={quantizer} key-int-max={gop} threads=1"
    " ! video/x-h264,profile=baseline"
    " ! rtph264pay name=pay0 pt=96 config-interval=-1 )"
)
_FONT_POINTS_PER_LINE = 24 / 360
_NAL_SEQUENCE_PARAMETERS = 7
_BASE_TIME_POLL_SECONDS = 0.002


class Mode(StrEnum):
    """How the camera behaves."""

    NORMAL = "normal"
    REFUSE = "refuse"  # the port is closed, connections end
    SILENT = "silent"  # RTSP answers as ever, no picture is sent
    FROZEN = "frozen"  # the very same picture, again and again


@dataclass(frozen=True)
class Settings:
    """Everything about a camera that does not change while it runs."""

    address: str
    port: int
    path: str
    user: str
    scene: Scene
    fps: int
    gop_seconds: float
    quantizer: int
    max_sessions: int  # 0: any number


class RtspServer:
    """The camera. All methods but `run` may be called from any thread; changes take effect before they return."""

    def __init__(self, settings: Settings, password: str) -> None:
        Gst.init(None)
        self._settings = settings
        self._port = settings.port
        self._mode = Mode.NORMAL
        self._background = settings.scene.background()
        self._loop = GLib.MainLoop()
        self._server = GstRtspServer.RTSPServer()
        self._server.set_address(settings.address)
        self._server.get_session_pool().set_max_sessions(settings.max_sessions)
        self._server.get_mount_points().add_factory(settings.path, self._factory())
        self._source_id: int | None = None
        self._set_password(password)

    def listen(self) -> int:
        """Open the port and return its number. Raises OSError where it is taken or the address is not ours."""
        self._server.set_service(str(self._port))
        self._source_id = self._server.attach(None) or None
        if self._source_id is None:
            raise OSError(f"cannot listen on {self._settings.address} port {self._port}: in use, or not our address")
        self._port = self._server.get_bound_port()
        return self._port

    def run(self) -> None:
        """Serve until `stop`."""
        self._loop.run()

    def stop(self) -> None:
        """End `run`, from any thread or from a signal handler."""
        GLib.idle_add(self._loop.quit)

    @property
    def mode(self) -> Mode:
        return self._mode

    def set_mode(self, mode: Mode) -> None:
        """Behave differently from now on, also towards those already connected."""
        self._in_main_loop(lambda: self._set_mode(mode))

    def set_password(self, password: str) -> None:
        """Ask for another password and end every connection, as a camera does whose password was changed."""
        self._in_main_loop(lambda: self._set_password(password))

    def _in_main_loop(self, change: Callable[[], None]) -> None:
        done = threading.Event()
        failures: list[Exception] = []

        def apply() -> bool:
            try:
                change()
            except Exception as failure:  # handed to the thread that waits for it
                failures.append(failure)
            done.set()
            return False

        GLib.idle_add(apply)
        if not done.wait(timeout=10):
            raise TimeoutError("the camera's main loop did not take the change within 10 s")
        if failures:
            raise failures[0]

    def _set_mode(self, mode: Mode) -> None:
        if mode is Mode.REFUSE and self._source_id is not None:
            GLib.source_remove(self._source_id)
            self._source_id = None
            self._disconnect_all()
        elif mode is not Mode.REFUSE and self._source_id is None:
            self.listen()
        self._mode = mode

    def _set_password(self, password: str) -> None:
        user = self._settings.user
        token = GstRtspServer.RTSPToken()
        token.set_string("media.factory.role", user)
        auth = GstRtspServer.RTSPAuth()
        auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
        auth.add_digest(user, password, token)
        self._server.set_auth(auth)
        self._disconnect_all()

    def _disconnect_all(self) -> None:
        self._server.client_filter(lambda *_: GstRtspServer.RTSPFilterResult.REMOVE)

    def _factory(self) -> Any:
        settings = self._settings
        factory = GstRtspServer.RTSPMediaFactory()
        factory.set_launch(
            _PIPELINE.format(
                width=settings.scene.width,
                height=settings.scene.height,
                fps=settings.fps,
                gop=max(1, round(settings.gop_seconds * settings.fps)),
                quantizer=settings.quantizer,
                font=max(6, round(settings.scene.height * _FONT_POINTS_PER_LINE)),
            )
        )
        factory.set_shared(True)  # one encoder, however many watch
        factory.set_latency(0)
        permissions = GstRtspServer.RTSPPermissions()
        permissions.add_permission_for_role(settings.user, "media.factory.access", True)
        permissions.add_permission_for_role(settings.user, "media.factory.construct", True)
        factory.set_permissions(permissions)
        factory.connect("media-configure", lambda _factory, media: self._start_picture(media))
        return factory

    def _start_picture(self, media: Any) -> None:
        """Somebody began to watch: draw pictures until nobody does."""
        element = media.get_element()
        element.get_by_name("name").set_property("text", self._settings.scene.name)
        drawing = _Drawing(self._settings, self._background, lambda: self._mode, element)
        media.connect("unprepared", lambda _media: drawing.stop())
        drawing.start()


class _Drawing:
    """Feeds one encoder with pictures, at the camera's rate."""

    def __init__(self, settings: Settings, background: bytes, mode: Callable[[], Mode], element: Any) -> None:
        self._settings = settings
        self._background = background
        self._mode = mode
        self._frames = element.get_by_name("frames")
        self._clock = element.get_by_name("clock")
        self._pad = element.get_by_name("pay0").get_static_pad("src")
        self._stopped = threading.Event()
        self._anything_sent = False
        self._frozen_at: float | None = None

    def start(self) -> None:
        probe = Gst.PadProbeType.BUFFER | Gst.PadProbeType.BUFFER_LIST
        self._probe_id = self._pad.add_probe(probe, lambda _pad, info: self._gate(info))
        threading.Thread(target=self._draw, name="draw", daemon=True).start()

    def stop(self) -> None:
        self._stopped.set()
        self._pad.remove_probe(self._probe_id)

    def _draw(self) -> None:
        self._wait_for_base_time()
        period_seconds = 1 / self._settings.fps
        due = time.monotonic()
        while not self._stopped.wait(max(0.0, due - time.monotonic())):
            due = max(due + period_seconds, time.monotonic() - period_seconds)
            taken_at = self._taken_at()
            self._clock.set_property("text", time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(taken_at)))
            frame = self._settings.scene.frame(self._background, taken_at)
            self._frames.emit("push-buffer", Gst.Buffer.new_wrapped(frame))

    def _wait_for_base_time(self) -> None:
        """A picture pushed before the pipeline knows when it began is stamped far ahead, and the sink waits for it."""
        while not self._frames.get_base_time() and not self._stopped.wait(_BASE_TIME_POLL_SECONDS):
            pass

    def _taken_at(self) -> float:
        """The time the picture shows: now, or for ever the moment at which it froze."""
        if self._mode() is not Mode.FROZEN:
            self._frozen_at = None
        elif self._frozen_at is None:
            self._frozen_at = time.time()
        return self._frozen_at if self._frozen_at is not None else time.time()

    def _gate(self, info: Any) -> Any:
        """Let RTP packets pass, or none of a silent camera.

        A silent camera still has to answer DESCRIBE, for which the server waits until a first packet: it gets the
        stream's parameters, which hold no picture.
        """
        if self._mode() is not Mode.SILENT:
            self._anything_sent = True
            return Gst.PadProbeReturn.OK
        if not self._anything_sent and _nal_type(info) == _NAL_SEQUENCE_PARAMETERS:
            self._anything_sent = True
            return Gst.PadProbeReturn.OK
        return Gst.PadProbeReturn.DROP


def _nal_type(info: Any) -> int:
    """The kind of H.264 unit an RTP packet carries (RFC 6184, 5.2). Our packets have the fixed 12-byte header."""
    is_list = info.type & Gst.PadProbeType.BUFFER_LIST
    buffer = info.get_buffer_list().get(0) if is_list else info.get_buffer()
    return int(buffer.extract_dup(0, 13)[12]) & 0x1F
