"""Sends the day's summary, once: a row for each day and channel is claimed before anything is sent. What could not be
handed over is tried again; what may have been is not."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Any
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

import requests
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from urllib3.exceptions import ConnectTimeoutError, MaxRetryError, NewConnectionError, SSLError

from control_ui.models import SummaryDelivery
from control_ui.models.healing import DeliveryState
from control_ui.models.scope import ScopedSession
from control_ui.services.actor import system
from control_ui.services.audit.trail import REFUSED, Subject, record
from control_ui.services.healing.begin import NAME
from control_ui.services.healing.summary import Summary, summary
from control_ui.services.redaction import redact_text
from control_ui.services.rows import swap

TIMEOUT_SECONDS = 10
AT_HOUR = 5
"""UTC: when the day before is told."""
MOST_ATTEMPTS = 8
FIRST_WAIT = timedelta(minutes=2)
SENDING_AT_MOST = timedelta(minutes=5)
Send = Callable[[Summary], None]
_NOT_CONNECTED = (NewConnectionError, ConnectTimeoutError, SSLError)


class NotTakenError(Exception):
    """It was certainly not taken: it may be sent again."""


class MaybeTakenError(Exception):
    """It was handed over, and no answer came: it is not sent again."""


def channels(smtp_url: str, webhook: str) -> dict[str, Send]:
    """How summaries leave, by channel; empty where nobody wants any."""
    found: dict[str, Send] = {}
    if smtp_url:
        found["mail"] = lambda told: by_mail(smtp_url, told)
    if webhook:
        found["webhook"] = lambda told: by_webhook(webhook, told)
    return found


def deliver(session: ScopedSession, ways: Mapping[str, Send], now: datetime) -> int:
    """Send what is due; gives how many were sent. Needs the scope of all tenants. Commits."""
    _give_up_on_the_dead(session, now)
    now_utc = now.astimezone(UTC)
    if now_utc.hour >= AT_HOUR:
        _make_due(session, (now_utc - timedelta(days=1)).date().isoformat(), list(ways), now)
    query = sa.select(SummaryDelivery).where(SummaryDelivery.state == DeliveryState.DUE, SummaryDelivery.next_at <= now)
    due = session.scalars(query.order_by(SummaryDelivery.id)).all()
    session.commit()
    return sum(_send(session, row, ways[row.channel], now) for row in due if row.channel in ways)


def _give_up_on_the_dead(session: ScopedSession, now: datetime) -> None:
    """Whoever was sending died: it may have arrived, and two are worse than none."""
    claimed = SummaryDelivery.claimed_at < now - SENDING_AT_MOST
    stuck = sa.update(SummaryDelivery).where(SummaryDelivery.state == DeliveryState.SENDING, claimed)
    words = "whoever sent it ended meanwhile: it may have arrived, so it is not sent again"
    session.execute(stuck.values(state=DeliveryState.UNKNOWN, error=words))


def _make_due(session: ScopedSession, day: str, names: list[str], now: datetime) -> None:
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    rows = [
        {"day": day, "channel": name, "state": DeliveryState.DUE, "attempts": 0, "next_at": now, "error": ""}
        for name in names
    ]
    if rows:
        session.execute(insert(SummaryDelivery).values(rows).on_conflict_do_nothing())


def _send(session: ScopedSession, row: SummaryDelivery, send: Send, now: datetime) -> bool:
    claim = {"state": DeliveryState.SENDING, "claimed_at": now, "attempts": SummaryDelivery.attempts + 1}
    if not swap(session, SummaryDelivery, row.id, SummaryDelivery.state, DeliveryState.DUE, claim):
        session.rollback()
        return False
    told = summary(session, datetime.fromisoformat(row.day).date())
    session.commit()
    try:
        send(told)
    except NotTakenError as error:
        _failed(session, row, redact_text(str(error))[:500], now)
        return False
    except MaybeTakenError as error:
        unknown = {"state": DeliveryState.UNKNOWN, "error": redact_text(str(error))[:500]}
        swap(session, SummaryDelivery, row.id, SummaryDelivery.state, DeliveryState.SENDING, unknown)
        session.commit()
        return False
    values: dict[str, Any] = {"state": DeliveryState.SENT, "sent_at": now, "error": ""}
    swap(session, SummaryDelivery, row.id, SummaryDelivery.state, DeliveryState.SENDING, values)
    _tell(session, row, "ok", told.subject(), now)
    session.commit()
    return True


def _failed(session: ScopedSession, row: SummaryDelivery, why: str, now: datetime) -> None:
    session.refresh(row)
    last = row.attempts >= MOST_ATTEMPTS
    values = {
        "state": DeliveryState.FAILED if last else DeliveryState.DUE,
        "next_at": now + FIRST_WAIT * 2 ** (row.attempts - 1),
        "error": why,
    }
    swap(session, SummaryDelivery, row.id, SummaryDelivery.state, DeliveryState.SENDING, values)
    if last:
        _tell(session, row, REFUSED, why, now)
    session.commit()


def _tell(session: ScopedSession, row: SummaryDelivery, outcome: str, reason: str, now: datetime) -> None:
    subject = Subject("summary", row.id, f"{row.day} by {row.channel}")
    record(session, system(NAME), "summary.send", subject, tenant_id=None, reason=reason, outcome=outcome, at=now)


def by_mail(url: str, told: Summary) -> None:
    """Through `smtp://user:password@host:587?from=a@b&to=c@d,e@f` (STARTTLS where offered; `smtps://` from the start).
    Raises NotTakenError, MaybeTakenError."""
    parts = urlsplit(url)
    asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = told.subject(), asked["from"], asked["to"]
    message.set_content(told.text())
    try:
        server = _connected(parts.scheme == "smtps", parts)
    except (smtplib.SMTPException, OSError) as error:
        raise NotTakenError(f"{parts.hostname}: {error}") from error
    try:
        server.send_message(message)
    except (smtplib.SMTPResponseException, smtplib.SMTPRecipientsRefused, smtplib.SMTPNotSupportedError) as error:
        raise NotTakenError(f"{parts.hostname}: {error}") from error
    except (smtplib.SMTPException, OSError) as error:
        raise MaybeTakenError(f"{parts.hostname}: {error}") from error
    finally:
        server.close()


def _connected(secure: bool, parts: SplitResult) -> smtplib.SMTP:
    host, port = parts.hostname or "localhost", parts.port or (465 if secure else 25)
    server = (smtplib.SMTP_SSL if secure else smtplib.SMTP)(host, port, timeout=TIMEOUT_SECONDS)
    server.ehlo_or_helo_if_needed()
    if not secure and server.has_extn("starttls"):
        server.starttls(context=ssl.create_default_context())
    if parts.username:
        server.login(unquote(parts.username), unquote(parts.password or ""))
    return server


def by_webhook(url: str, told: Summary) -> None:
    """As JSON. Raises NotTakenError, MaybeTakenError."""
    try:
        answer = requests.post(url, json=told.document(), timeout=TIMEOUT_SECONDS, allow_redirects=False)
    except requests.ConnectionError as error:
        if _never_left(error):
            raise NotTakenError(str(error)) from error
        raise MaybeTakenError(str(error)) from error
    except requests.RequestException as error:
        raise MaybeTakenError(str(error)) from error
    if not 200 <= answer.status_code < 300:
        raise NotTakenError(f"it answered {answer.status_code}")


def _never_left(error: requests.ConnectionError) -> bool:
    """Whether there was no connection to send it over: urllib3 gives up with why it could not connect."""
    gave_up = error.args[0] if error.args else None
    return isinstance(gave_up, MaxRetryError) and isinstance(gave_up.reason, _NOT_CONNECTED)
