"""How well one device was served: when it was away, when its picture was not fresh, and why."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta

from control_ui.models.devices import DeviceStatus
from control_ui.models.scope import ScopedSession
from control_ui.services.reports import sla_sources
from control_ui.services.reports.intervals import Span, Spans, difference, intersection, union
from control_ui.services.reports.sla_sources import FRESH, NOT_MEASURED, Piece, Place

SILENT = "the Pi did not check in"
NO_SAMPLES = "no samples: nothing is known of the picture"
NO_LONGER_KEPT = "samples of this time are no longer kept"


@dataclass(frozen=True)
class Gap:
    """Time in which a site was not available, and why."""

    start: datetime
    end: datetime
    reason: str

    @property
    def length(self) -> timedelta:
        return self.end - self.start


@dataclass(frozen=True)
class DeviceSla:
    """What is counted of a device, and within that: when it was not reachable, when not fresh, and every gap."""

    counted: Spans
    unreachable: Spans
    stale: Spans
    gaps: list[Gap]


class Measure:
    """Measures devices within one span of time. Samples older than `samples_since` are no longer kept."""

    def __init__(self, session: ScopedSession, within: Span, samples_since: datetime) -> None:
        self.within = within
        self._session, self._samples_since = session, samples_since
        self._checkin_seconds = sla_sources.checkin_intervals(session, within[1])

    def device(self, place: Place, planned: Spans) -> DeviceSla | None:
        """Outside of what was planned. None for a device that had never been seen."""
        status = sla_sources.status_pieces(self._session, place.device_id, self.within)
        if not status:
            return None
        checkin_seconds = self._checkin_seconds.get(place.device_id)
        pictures = sla_sources.picture_pieces(self._session, place.device_id, self.within, checkin_seconds)
        counted = difference(_spans(status), planned)
        offline = _spans([piece for piece in status if piece.state == DeviceStatus.OFFLINE])
        unreachable = intersection(counted, offline)
        stale = difference(counted, _spans([piece for piece in pictures if piece.state == FRESH]))
        return DeviceSla(counted, unreachable, stale, self._explained(union([*unreachable, *stale]), offline, pictures))

    def _explained(self, gaps: Spans, offline: Spans, pictures: list[Piece]) -> list[Gap]:
        """Why, from the plainest cause to the last guess. Neighbours with the same cause are one gap."""
        causes: dict[str, list[Span]] = defaultdict(list, {SILENT: offline})
        for piece in pictures:
            if piece.state not in (FRESH, NOT_MEASURED):
                causes[f"no fresh picture, the stream was {piece.state}"].append(piece.span)
        causes[NO_SAMPLES].append((self._samples_since, self.within[1]))
        causes[NO_LONGER_KEPT].append(self.within)
        explained: list[Gap] = []
        for reason, spans in causes.items():
            cause = union(spans)
            explained += [Gap(*span, reason) for span in intersection(gaps, cause)]
            gaps = difference(gaps, cause)
        return sorted(explained, key=lambda gap: gap.start)


def _spans(pieces: list[Piece]) -> Spans:
    return union(piece.span for piece in pieces)
