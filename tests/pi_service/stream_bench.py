"""The stream manager on a bench: its time and its cameras are in the test's hands."""

from __future__ import annotations

import selectors
from typing import Any

from pi_service.config import Config
from pi_service.paths import Paths
from pi_service.snapshot_cache import Snapshot, SnapshotReader
from pi_service.stream.candidate import Verdict
from pi_service.stream.publication import Publication
from pi_service.stream.state import StreamState
from pi_service.stream_manager import StreamManager
from tests.pi_service.fakes import Cameras, Clock, FakeSession

Document = dict[str, Any]
INTERVAL = 12.0


class Bench:
    """A stream manager whose time and whose cameras are in the test's hands."""

    def __init__(self, paths: Paths) -> None:
        self.clock, self.cameras = Clock(), Cameras()
        self.evidence = 0
        self.state = StreamState(since=self.clock.wall())
        self.selector = selectors.DefaultSelector()
        self.reader = SnapshotReader(paths, boottime=self.clock.boottime)
        publication = Publication(paths, self.state, boottime=self.clock.boottime, wall=self.clock.wall)
        self.manager = StreamManager(
            publication,
            self.state,
            self.selector,
            evidence=self._count,
            boottime=self.clock.boottime,
            wall=self.clock.wall,
            start_session=self.cameras,
        )
        self.verdicts: list[Verdict] = []

    def _count(self) -> None:
        self.evidence += 1

    def adopt(self, document: Document) -> None:
        self.manager.adopt(Config.from_document(document), document)

    def try_out(self, document: Document, timeout: float = 25) -> None:
        self.manager.try_out(Config.from_document(document), document, timeout, self.verdicts.append)

    def deliver(self, image: bytes, session: FakeSession | None = None) -> None:
        session = session or self.cameras.latest
        self.manager._on_pictures(session, session.deliver(image, self.clock.seconds))

    def wait(self, seconds: float, step: float = 0.5) -> None:
        """Let time pass, with a turn of the loop each half second."""
        until = self.clock.seconds + seconds
        while self.clock.seconds < until:
            self.clock.advance(min(step, until - self.clock.seconds))
            self.manager.tick()

    def stream(self, pictures: int, every: float = INTERVAL) -> None:
        """Different pictures, on time."""
        for _ in range(pictures):
            self.deliver(f"picture at {self.clock.seconds}".encode())
            self.wait(every)

    def lose(self, reason: str) -> None:
        """The live ffmpeg ends, and the next one begins when it is time."""
        self.cameras.latest.fail(reason)
        known = len(self.cameras.sessions)
        while len(self.cameras.sessions) == known:
            self.wait(0.5)

    @property
    def published(self) -> Snapshot | None:
        return self.reader.current()
