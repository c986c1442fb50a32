"""`carwash stream`: the event loop around the stream manager."""

from __future__ import annotations

import logging
import selectors
import signal
import socket
from types import FrameType

from pi_service import sd_notify
from pi_service.atomic_files import write_json
from pi_service.clock import boottime_seconds, wall_now
from pi_service.paths import Paths
from pi_service.stream.config_reload import ConfigReload
from pi_service.stream.control import ControlServer
from pi_service.stream.publication import Publication
from pi_service.stream.state import StreamState
from pi_service.stream_manager import StreamManager

log = logging.getLogger(__name__)

TURN_SECONDS = 0.5
WRITE_STATE_SECONDS = 5.0
STALL_SECONDS = 3.0
_EVER_CHANGING = ("updated_boottime", "generation_rate_per_second")
EVIDENCE_SECONDS = 1.0  # one message to systemd a second is plenty


class StreamService:
    """Reads pipes, sockets and signals, and lets everything else happen once a turn."""

    def __init__(self, paths: Paths) -> None:
        """Raises OSError where the directory at run time cannot be used."""
        self._paths = paths
        self._selector = selectors.DefaultSelector()
        self._state = StreamState(since=wall_now())
        publication = Publication(paths, self._state)
        self._manager = StreamManager(publication, self._state, self._selector, evidence=self._evidence)
        self._control = ControlServer(paths, self._manager, self._selector)
        self._reload = ConfigReload(paths, self._manager)
        self._notifier = sd_notify.Notifier()
        self._evidence_at = 0.0
        self._written: tuple[object, ...] = ()
        self._written_at = 0.0
        self._woke_at = 0.0
        self._stopping = False
        self._reload_asked = False

    def run(self) -> int:
        """Serve until SIGTERM or SIGINT; SIGHUP reads the configuration again. Returns the exit code."""
        self._catch_signals()
        try:
            self._reload.start()
            self._woke_at = boottime_seconds()
            while not self._stopping:
                self._turn()
        finally:
            self._close()
        return 0

    def _turn(self) -> None:
        self._manager.tick()
        self._control.tick()
        if self._reload_asked and not self._control.is_trial_open:
            self._reload_asked = False
            self._reload.reload()
        elif not self._control.is_trial_open:
            self._reload.tick()
        self._report()
        before = self._woke_at
        events = self._selector.select(TURN_SECONDS)
        self._woke_at = boottime_seconds()
        if (stalled := self._woke_at - before - TURN_SECONDS) > STALL_SECONDS:
            # What waits in ffmpeg's pipes and in the camera's connection is as old as we were away.
            self._manager.restart(f"the supervisor was stopped for {stalled:.0f} s, and waiting pictures are as old")
            return
        for key, _ in events:
            if self._selector.get_map().get(key.fd) is key:  # an event before may have closed it
                key.data()

    def _report(self) -> None:
        self._notifier.watchdog_timeout(self._manager.watchdog_seconds())
        self._notifier.status(self._state.sentence())
        self._notifier.ready()
        now = boottime_seconds()
        document = self._state.document(now)
        essence = tuple(value for name, value in document.items() if name not in _EVER_CHANGING)
        if essence != self._written or now - self._written_at >= WRITE_STATE_SECONDS:
            self._write_state(document, essence, now)

    def _write_state(self, document: dict[str, object], essence: tuple[object, ...], now: float) -> None:
        try:
            write_json(self._paths.stream_state, document, durable=False)
        except OSError as error:
            if self._written:
                log.error("%s cannot be written: %s", self._paths.stream_state, error)
            self._written = ()
            return
        self._written, self._written_at = essence, now

    def _evidence(self) -> None:
        now = boottime_seconds()
        if now - self._evidence_at >= EVIDENCE_SECONDS:
            self._evidence_at = now
            sd_notify.watchdog()

    def _catch_signals(self) -> None:
        receiver, sender = socket.socketpair()
        for end in (receiver, sender):
            end.setblocking(False)
        signal.set_wakeup_fd(sender.fileno(), warn_on_full_buffer=False)
        self._wakeup = receiver, sender
        self._selector.register(receiver, selectors.EVENT_READ, lambda: receiver.recv(4096))
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD):
            signal.signal(number, self._on_signal)

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        if number == signal.SIGHUP:
            self._reload_asked = True
        elif number != signal.SIGCHLD:  # a child's end only has to wake the loop
            self._stopping = True

    def _close(self) -> None:
        sd_notify.stopping("Stopping")
        self._control.close()
        self._manager.close()
        signal.set_wakeup_fd(-1)
        for end in self._wakeup:
            end.close()
        self._selector.close()


def main() -> int:
    """Run the stream unit. Returns the exit code."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    try:
        service = StreamService(Paths.from_environment())
    except OSError as error:
        log.error("the stream cannot start: %s. Does the directory exist, and may this user write there?", error)
        return 1
    return service.run()
