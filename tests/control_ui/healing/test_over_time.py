"""Alerts that come and go, devices that get worse, and the summary of a day."""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler, HTTPServer
from socketserver import StreamRequestHandler, ThreadingTCPServer
from typing import Any

import pytest

from control_ui.models import Alert, Degradation, Device, DeviceSample, SummaryDelivery
from control_ui.models.alerts import AlertState
from control_ui.models.healing import DeliveryState
from control_ui.models.runs import HostOutcome
from control_ui.services.healing import delivery, patterns, transient
from control_ui.services.healing.patterns import Hour, find
from control_ui.services.healing.summary import Summary, summary
from tests.control_ui.conftest import NOW
from tests.control_ui.healing.conftest import MINUTE, SECOND, Ward, no_picture, stuck
from tests.control_ui.servers import free_port

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def alert(ward: Ward, device: Device, minutes: int, **values: Any) -> Alert:
    """One that was over two minutes ago, after so many minutes."""
    ends = ward.now - 2 * MINUTE
    row = Alert(
        tenant_id=device.tenant_id, device_id=device.id, fingerprint=f"{minutes}", name="PictureStale",
        severity="warning", labels={}, received_at=ward.now,
        **{"state": AlertState.RESOLVED, "starts_at": ends - minutes * MINUTE, "ends_at": ends} | values,
    )  # fmt: skip
    ward.session.add(row)
    ward.session.commit()
    return row


def test_an_alert_that_was_soon_over_is_acknowledged_with_a_note(ward: Ward) -> None:
    device = ward.device(ward.tenant())
    short, long = alert(ward, device, 4), alert(ward, device, 40)
    firing = alert(ward, device, 5, state=AlertState.FIRING, ends_at=None)
    just_over = alert(ward, device, 6, ends_at=ward.now - 10 * SECOND)
    assert transient.see_to(ward.session, ward.now) == 1
    assert (short.acknowledged_by, short.comment) == ("self-healing", "over after 4 min, by itself")
    assert [row.acknowledged_at for row in (long, firing, just_over)] == [None] * 3
    assert transient.see_to(ward.session, ward.now) == 0
    assert [entry.actor_name for entry in ward.audited("alert.acknowledge")] == ["self-healing"]


def test_an_alert_that_was_healed_is_acknowledged_however_long_it_was(ward: Ward) -> None:
    device = ward.device(ward.tenant())
    ward.checks_in(device, stuck())
    ward.rounds(130 * SECOND)
    ward.ends(ward.runs()[0])
    ward.later(20 * MINUTE)
    ward.checks_in(device)
    ward.round()
    row = alert(ward, device, 25)
    assert transient.see_to(ward.session, ward.now) == 1
    ward.session.refresh(row)
    assert row.comment == "over after 25 min, healed by: restart units"


def hours(count: int, **of: Any) -> list[Hour]:
    start = NOW.replace(minute=0, second=0) - count * HOUR
    return [Hour(start + n * HOUR, **{name: make(n) for name, make in of.items()}) for n in range(count)]


def kinds(found: list[Hour], timezone: str = "UTC") -> list[str]:
    return [pattern.kind for pattern in find(found, timezone)]


def test_restarts_that_become_more_are_a_pattern_and_as_many_as_ever_are_none() -> None:
    assert kinds(hours(100, restarts=lambda n: 2 if n >= 94 else 0)) == ["restarts"]
    assert kinds(hours(100, restarts=lambda _n: 2)) == []
    assert kinds(hours(100, restarts=lambda n: 1 if n == 99 else 0)) == [], "once is no trend"


def test_pictures_that_get_older_are_a_pattern() -> None:
    assert kinds(hours(100, picture_age_seconds=lambda n: 30.0 if n >= 94 else 8.0)) == ["picture_age"]
    assert kinds(hours(100, picture_age_seconds=lambda n: 9.5 if n >= 94 else 6.0)) == [], "seconds are nothing"


def test_warmth_is_compared_with_the_same_hours_of_other_days() -> None:
    def daily(n: int) -> float:
        return 70.0 if n % 24 >= 12 else 50.0

    assert kinds(hours(120, temperature_celsius=daily)) == [], "noon is always warm"
    assert kinds(hours(120, temperature_celsius=lambda n: daily(n) + (20 if n >= 114 else 0))) == ["temperature"]


def test_without_a_past_nothing_can_be_told() -> None:
    assert kinds(hours(20, restarts=lambda _n: 5)) == []


def samples(ward: Ward, device: Device, restarts_an_hour: int, count: int = 60) -> None:
    restarts = 0
    for n in range(count):
        restarts += restarts_an_hour if n >= count - 6 else 0
        ward.session.add(
            DeviceSample(
                tenant_id=device.tenant_id, device_id=device.id, at=ward.now - (count - n) * HOUR + MINUTE,
                stream_restarts=restarts, snapshot_age_seconds=5.0, temperature_celsius=50.0,
            )
        )  # fmt: skip
    ward.session.commit()


def test_a_device_that_gets_worse_is_noted_once_and_told_when_it_no_longer_does(ward: Ward) -> None:
    tenant = ward.tenant()
    bad, good = ward.device(tenant, "pi-bad"), ward.device(tenant, "pi-good")
    samples(ward, bad, 4)
    samples(ward, good, 0)
    for _ in range(2):
        assert patterns.look(ward.session, ward.now) == 1
    ((row, device, _site),) = patterns.worsening(ward.session)
    assert (row.device_id, device, row.kind) == (bad.id, "pi-bad", "restarts")
    assert "4.0 times an hour in the last 6 hours, 0.0 before" in row.words
    ward.session.query(DeviceSample).delete()
    ward.session.commit()
    assert patterns.look(ward.session, ward.now) == 0
    assert patterns.worsening(ward.session) == []
    assert ward.session.query(Degradation).count() == 1


def test_a_counter_that_begins_anew_is_no_negative_number_of_restarts(ward: Ward) -> None:
    device = ward.device(ward.tenant())
    for n, restarts in enumerate((7, 8, 1, 1)):
        ward.session.add(
            DeviceSample(
                tenant_id=device.tenant_id, device_id=device.id, at=NOW - (4 - n) * HOUR, stream_restarts=restarts
            )
        )
    ward.session.commit()
    found = patterns.hours_of(ward.session, [device.id], NOW)[device.id]
    assert [hour.restarts for hour in found] == [0, 1, 1, 0]


def a_day(ward: Ward) -> Summary:
    tenant = ward.tenant(slug="blue")
    healed, person = ward.device(tenant, "pi-healed"), ward.device(tenant, "pi-person")
    ward.checks_in(healed, stuck())
    ward.checks_in(person, no_picture(error="unauthorized"))
    ward.rounds(130 * SECOND)
    ward.ends(ward.runs()[0], HostOutcome.CHANGED)
    ward.later(10 * SECOND)
    ward.checks_in(healed)
    ward.round()
    return summary(ward.session, NOW.date())


def test_the_summary_tells_what_was_healed_and_what_needed_a_person(ward: Ward) -> None:
    told = a_day(ward)
    assert (told.healed, told.by_themselves, told.median_seconds_to_heal) == (1, 0, 140.0)
    assert told.actions == {"restart units: healed": 1}
    assert told.persons == [
        "Blue, Site of pi-person of blue (pi-person): The camera does not accept the password,"
        " the camera does not accept the user name or password (not over yet)"
    ]
    assert "1 needed a person" in told.subject()
    assert summary(ward.session, NOW.date() - DAY).faults == {}


MORNING = (NOW + DAY).replace(hour=5, minute=0)


def test_a_summary_is_sent_once_whoever_asks_and_not_before_the_morning(ward: Ward) -> None:
    sent: list[Summary] = []
    ways = {"mail": sent.append}
    assert delivery.deliver(ward.session, ways, MORNING - HOUR) == 0
    assert [delivery.deliver(ward.session, ways, MORNING + n * MINUTE) for n in range(3)] == [1, 0, 0]
    assert [one.day for one in sent] == [NOW.date()]
    assert delivery.deliver(ward.session, ways, MORNING + DAY) == 1


def test_what_was_not_taken_is_tried_again_with_longer_and_longer_waits_until_it_is_given_up(ward: Ward) -> None:
    tries: list[datetime] = []
    at = MORNING

    def refuse(_told: Summary) -> None:
        tries.append(at)
        raise delivery.NotTakenError("the server is away, password=hunter22")

    for _ in range(60 * 12):
        delivery.deliver(ward.session, {"mail": refuse}, at)
        at += MINUTE
    assert len(tries) == delivery.MOST_ATTEMPTS
    gaps = [later - earlier for earlier, later in itertools.pairwise(tries)]
    assert gaps == sorted(gaps)
    (row,) = ward.session.query(SummaryDelivery)
    assert (row.state, "hunter22" in row.error) == (DeliveryState.FAILED, False)
    assert [entry.outcome for entry in ward.audited("summary.send")] == ["refused"]


class KilledError(BaseException):
    """The process is gone."""


def test_killed_while_sending_it_is_not_sent_again(ward: Ward) -> None:
    def die(_told: Summary) -> None:
        raise KilledError

    with pytest.raises(KilledError):
        delivery.deliver(ward.session, {"mail": die}, MORNING)
    ward.session.rollback()
    sent: list[Summary] = []
    for n in range(20):
        delivery.deliver(ward.session, {"mail": sent.append}, MORNING + n * MINUTE)
    (row,) = ward.session.query(SummaryDelivery).populate_existing()
    assert (sent, row.state) == ([], DeliveryState.UNKNOWN)


class _Smtp(StreamRequestHandler):
    """Just enough of a mail server."""

    def handle(self) -> None:
        self._say("220 here")
        while line := self.rfile.readline():
            word = line[:4].upper()
            if word == b"DATA":
                self._say("354 go on")
                lines = iter(self.rfile.readline, b".\r\n")
                self.server.mails.append(b"".join(lines))  # type: ignore[attr-defined]
            self._say("250 well")

    def _say(self, words: str) -> None:
        self.wfile.write(f"{words}\r\n".encode())


@pytest.fixture
def mail_server() -> Iterator[tuple[int, list[bytes]]]:
    with ThreadingTCPServer(("127.0.0.1", 0), _Smtp) as server:
        server.mails = []  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1], server.mails  # type: ignore[attr-defined]
        server.shutdown()


def test_the_mail_arrives(ward: Ward, mail_server: tuple[int, list[bytes]]) -> None:
    port, mails = mail_server
    ways = delivery.channels(f"smtp://127.0.0.1:{port}?from=fleet@wash.test&to=ops@wash.test,it@wash.test", "")
    assert delivery.deliver(ward.session, ways, MORNING) == 1
    (mail,) = [message_from_bytes(one) for one in mails]
    assert (mail["To"], mail["Subject"]) == (
        "ops@wash.test,it@wash.test", "Car wash fleet, 2026-03-04: 0 faults, 0 needed a person",
    )  # fmt: skip


def test_a_mail_server_that_is_away_took_nothing(ward: Ward) -> None:
    ways = delivery.channels("smtp://127.0.0.1:1?from=a@b.test&to=c@d.test", "")
    assert delivery.deliver(ward.session, ways, MORNING) == 0
    (row,) = ward.session.query(SummaryDelivery)
    assert (row.state, row.attempts) == (DeliveryState.DUE, 1)


def test_the_webhook_gets_json_and_an_error_of_it_is_tried_again(ward: Ward) -> None:
    got: list[dict[str, Any]] = []
    answers = [500, 200]

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(answers[len(got) - 1])
            self.end_headers()

        def log_message(self, *_words: Any) -> None:
            """Not in the tests' output."""

    with HTTPServer(("127.0.0.1", 0), Hook) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        ways = delivery.channels("", f"http://127.0.0.1:{server.server_address[1]}/hook")
        assert [delivery.deliver(ward.session, ways, MORNING + n * 3 * MINUTE) for n in range(3)] == [0, 1, 0]
        server.shutdown()
    assert [one["day"] for one in got] == ["2026-03-04"] * 2


def test_a_webhook_that_hangs_up_without_an_answer_may_have_taken_it_and_gets_no_second_one(ward: Ward) -> None:
    came: list[str] = []

    class HangsUp(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            came.append(self.path)
            self.close_connection = True

        def log_message(self, *_words: Any) -> None:
            """Not in the tests' output."""

    with HTTPServer(("127.0.0.1", 0), HangsUp) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        ways = delivery.channels("", f"http://127.0.0.1:{server.server_address[1]}/hook")
        assert [delivery.deliver(ward.session, ways, MORNING + n * 3 * MINUTE) for n in range(3)] == [0, 0, 0]
        server.shutdown()
    assert came == ["/hook"]
    (row,) = ward.session.query(SummaryDelivery).populate_existing()
    assert row.state == DeliveryState.UNKNOWN


def test_a_webhook_that_nobody_listens_at_is_tried_again(ward: Ward) -> None:
    ways = delivery.channels("", f"http://127.0.0.1:{free_port()}/hook")
    assert delivery.deliver(ward.session, ways, MORNING) == 0
    (row,) = ward.session.query(SummaryDelivery).populate_existing()
    assert (row.state, row.attempts) == (DeliveryState.DUE, 1)
