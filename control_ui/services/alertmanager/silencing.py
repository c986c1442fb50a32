"""What is to be silent in Alertmanager: acknowledged alerts while they fire, and the silences that people made here.

It is compared with what is silent there, again and again: whichever side forgets, nothing is lost and nothing is done
twice.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

import sqlalchemy as sa

from control_ui.models import Alert, Silence, Site, Tenant
from control_ui.models.alerts import AlertState
from control_ui.models.scope import ScopedSession
from control_ui.services.alertmanager import markers
from control_ui.services.alertmanager.client import Alertmanager, ListedAlert, ListedSilence, Matcher

LASTS = timedelta(hours=24)
"""An acknowledged alert's silence; it outlives this control plane by so much, and no more."""
RENEWED = timedelta(hours=12)
"""So long before its end."""


@dataclass(frozen=True)
class Wanted:
    """One silence as it is to be. `ends_at` None: when the alert is over."""

    marker: str
    matchers: frozenset[Matcher]
    comment: str
    ends_at: datetime | None


def wanted(session: ScopedSession, listed: Sequence[ListedAlert], now: datetime) -> list[Wanted]:
    """Needs the scope of all tenants."""
    return [*_acknowledged(session, listed), *_silences(session, now)]


def changes(
    wished: Sequence[Wanted], there: Sequence[ListedSilence], alertmanager: Alertmanager, now: datetime
) -> list[Callable[[], object]]:
    """What has to be asked of Alertmanager for it to be silent as wished: new silences before the end of old ones."""
    ours: dict[str, list[ListedSilence]] = {}
    for silence in there:
        if markers.is_ours(silence.created_by):
            ours.setdefault(silence.created_by, []).append(silence)
    begun: list[Callable[[], object]] = []
    ended: list[Callable[[], object]] = []
    for one in wished:
        fitting = [silence for silence in ours.get(one.marker, []) if _fits(one, silence)]
        kept = max(fitting, key=lambda silence: silence.ends_at, default=None)
        if kept is None or (one.ends_at is None and kept.ends_at - now < RENEWED):
            begun.append(partial(_begin, alertmanager, one, kept, now))
        if kept is not None:
            ours[one.marker].remove(kept)
    for silence in (silence for several in ours.values() for silence in several):
        ended.append(partial(alertmanager.end_silence, silence.id))
    return [*begun, *ended]


def _begin(alertmanager: Alertmanager, one: Wanted, kept: ListedSilence | None, now: datetime) -> None:
    alertmanager.silence(
        sorted(one.matchers, key=lambda matcher: matcher.name),
        created_by=one.marker,
        comment=one.comment,
        starts_at=now if kept is None else kept.starts_at,
        ends_at=one.ends_at or now + LASTS,
        silence_id="" if kept is None else kept.id,
    )


def _fits(one: Wanted, silence: ListedSilence) -> bool:
    """Alertmanager keeps times to the millisecond."""
    on_time = one.ends_at is None or abs(one.ends_at - silence.ends_at) < timedelta(seconds=1)
    return on_time and frozenset(silence.matchers) == one.matchers


def _acknowledged(session: ScopedSession, listed: Sequence[ListedAlert]) -> list[Wanted]:
    """Exactly the alert's labels. As Alertmanager has them: here, a password in one would be blacked out."""
    labels = {alert.fingerprint: alert.labels for alert in listed}
    query = sa.select(Alert).where(Alert.state == AlertState.FIRING, Alert.acknowledged_at.is_not(None))
    return [
        Wanted(
            markers.of_alert(row.id),
            frozenset(_equal(name, value) for name, value in labels.get(row.fingerprint, row.labels).items()),
            f"acknowledged by {row.acknowledged_by}" + (f": {row.comment}" if row.comment else ""),
            None,
        )
        for row in session.scalars(query.order_by(Alert.id))
        if row.labels
    ]


def _silences(session: ScopedSession, now: datetime) -> list[Wanted]:
    query = (
        sa.select(Silence, Tenant.slug, Site.name)
        .outerjoin(Tenant, Tenant.id == Silence.tenant_id)
        .outerjoin(Site, Site.id == Silence.site_id)
        .where(Silence.lifted_at.is_(None), Silence.created_at <= now, Silence.ends_at > now)
        .order_by(Silence.id)
    )
    found = []
    for row, slug, site in session.execute(query):
        # An empty value matches a label that is not there: the platform's own.
        matchers = {_equal("tenant", slug or "")}
        matchers.add(_equal("alertname", row.name) if row.name else _anything("alertname"))
        if site is not None:
            matchers.add(_equal("site", site))
        comment = f"{row.created_by}: {row.comment}"
        found.append(Wanted(markers.of_silence(row.id), frozenset(matchers), comment, row.ends_at))
    return found


def _equal(name: str, value: str) -> Matcher:
    return Matcher(name=name, value=value)


def _anything(name: str) -> Matcher:
    return Matcher(name=name, value=".+", isRegex=True)
