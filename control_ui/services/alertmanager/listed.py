"""Makes the alerts here those that Alertmanager lists.

It lists what it has been told since it was started. For some minutes after that, what it does not list may only not
have been told yet, and is left as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from control_ui.models import Alert
from control_ui.models.alerts import AlertState
from control_ui.models.scope import ScopedSession
from control_ui.services.alertmanager.client import ListedAlert, ListedSilence
from control_ui.services.alertmanager.markers import is_ours
from control_ui.services.alerts.receive import Notice, receive
from control_ui.services.redaction import redact

REMINDED = timedelta(minutes=5)
"""Prometheus tells of what fires every minute; when it was restarted, too, it has to read what it wrote first."""
_ESCALATION = re.compile(r"escalation-after-(\d{1,6})s-.+")
"""Receivers that the role alertmanager makes: who is told when nobody has acknowledged for so long."""


@dataclass(frozen=True)
class Listing:
    """What Alertmanager said. `asked_at` is before, `started_at` when its process began."""

    asked_at: datetime
    started_at: datetime
    alerts: Sequence[ListedAlert]
    silences: Sequence[ListedSilence]


def take(session: ScopedSession, listing: Listing) -> None:
    """Keep what is new or different, and end what is over. Needs the scope of all tenants."""
    open_ = _open(session)
    notices = [*_over(open_, listing), *_news(open_, listing)]
    if notices:
        receive(session, notices, listing.asked_at)
        session.expire_all()
    _stand(_open(session), listing)
    session.commit()


def _open(session: ScopedSession) -> dict[str, Alert]:
    """By fingerprint: the latest, should there be two."""
    query = sa.select(Alert).where(Alert.state == AlertState.FIRING).order_by(Alert.starts_at)
    return {row.fingerprint: row for row in session.scalars(query)}


def _over(open_: dict[str, Alert], listing: Listing) -> Iterator[Notice]:
    listed = {alert.fingerprint: alert for alert in listing.alerts}
    for row in open_.values():
        alert = listed.get(row.fingerprint)
        if _anew(row, alert, listing) or (alert is None and _is_over(row, listing)):
            yield _notice(row, row.starts_at, max(row.starts_at, listing.asked_at))


def _is_over(row: Alert, listing: Listing) -> bool:
    """Not listed means over, once Alertmanager must have been told of it."""
    if row.received_at >= listing.asked_at:
        return False
    return row.listed_since == listing.started_at or listing.asked_at - listing.started_at > REMINDED


def _anew(row: Alert, alert: ListedAlert | None, listing: Listing) -> bool:
    """Whether the one Alertmanager has seen the end of this, and then the beginning of another."""
    return (
        alert is not None
        and row.listed_since == listing.started_at
        and row.listed_starts_at is not None
        and alert.starts_at > row.listed_starts_at
    )


def _news(open_: dict[str, Alert], listing: Listing) -> Iterator[Notice]:
    for alert in listing.alerts:
        row = open_.get(alert.fingerprint)
        if row is None or _anew(row, alert, listing):
            yield Notice(alert.fingerprint, alert.labels, alert.annotations, alert.starts_at, None)
        elif redact(alert.annotations) != row.annotations:
            yield Notice(alert.fingerprint, alert.labels, alert.annotations, row.starts_at, None)


def _notice(row: Alert, starts_at: datetime, ends_at: datetime) -> Notice:
    return Notice(row.fingerprint, row.labels, row.annotations, starts_at, ends_at)


def _stand(open_: dict[str, Alert], listing: Listing) -> None:
    """What is known of an alert beside what it says. Only what differs is written."""
    names = {alert.fingerprint: alert.labels.get("alertname", "") for alert in listing.alerts}
    silences = {silence.id: silence for silence in listing.silences if not is_ours(silence.created_by)}
    for alert in listing.alerts:
        row = open_.get(alert.fingerprint)
        if row is None:
            continue
        row.listed_since = listing.started_at
        row.listed_starts_at = alert.starts_at
        row.escalates_at = _escalates_at(alert)
        others = [silences[silence_id] for silence_id in alert.status.silenced_by if silence_id in silences]
        row.silenced_by = "; ".join(f"{silence.created_by}: {silence.comment}" for silence in others)
        row.inhibited_by = ", ".join(sorted({names.get(other, "another alert") for other in alert.status.inhibited_by}))


def _escalates_at(alert: ListedAlert) -> datetime | None:
    """The first time at which it goes on to somebody else."""
    found = [_ESCALATION.fullmatch(receiver.name) for receiver in alert.receivers]
    waits = [int(match[1]) for match in found if match]
    return alert.starts_at + timedelta(seconds=min(waits)) if waits else None
