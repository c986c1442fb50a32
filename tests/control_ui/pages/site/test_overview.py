"""The overview: how a site is and why, and the picture."""

from __future__ import annotations

import base64
import re
from datetime import UTC, datetime, timedelta

from control_ui.models import Alert, DeviceAction, RollbackPoint
from control_ui.models.alerts import AlertState
from control_ui.models.devices import DeviceStatus
from control_ui.models.people import Role
from control_ui.services.pictures.keys import picture_keys
from tests.control_ui import factories
from tests.control_ui.pages.site.conftest import Desk, Sit
from tests.control_ui.pictures.pi import JPEG, MOMENT, Pi


def words(html: str) -> str:
    """What a page says, without its tags."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def test_it_says_why_a_site_is_as_it_is(desk: Desk) -> None:
    now = datetime.now(UTC)
    desk.device.state.status = DeviceStatus.DEGRADED
    desk.device.state.last_seen_at = now - timedelta(seconds=3)
    desk.device.state.report = {
        "status": {"snapshot": {"age_seconds": 61.0}},
        "stream": {"status": "disconnected", "last_error": {"reason": "refused"}},
    }
    desk.device.held_reason = "the bay is being painted"
    shown = words(desk.get().text)
    assert re.search(r"No picture for 6\d s: the camera refuses the connection\.", shown)
    assert "degraded" in shown
    assert "the bay is being painted" in shown
    assert "Boise, ID" in shown


def test_what_is_in_force_wanted_and_expired_is_told_apart(desk: Desk) -> None:
    first, second = (factories.config_version(desk.session, desk.device, number) for number in (1, 2))
    state, now = desk.device.state, datetime.now(UTC)
    state.config_version, state.last_seen_at = 1, now
    state.desired_config, state.desired_at, state.desired_expires_at = second, now, now + timedelta(days=1)
    shown = words(desk.get().text)
    assert re.search(r"1 in force 2 wanted since .*, offered until", shown)
    state.desired_expires_at = now - timedelta(days=1)
    assert re.search(r"2 was wanted until .*did not come in time", words(desk.get("/state").text))
    state.config_version, state.desired_config = 7, None
    assert "7 in force, which did not come from here" in words(desk.get("/state").text)
    assert first.number == 1


def test_alerts_and_what_waits_for_the_pi_are_shown(desk: Desk) -> None:
    now = datetime.now(UTC)
    for name, state in (("SnapshotStale", AlertState.FIRING), ("TemperatureHigh", AlertState.RESOLVED)):
        desk.session.add(
            Alert(
                tenant_id=desk.device.tenant_id, device_id=desk.device.id, fingerprint=name, name=name,
                severity="warning", state=state, labels={}, annotations={}, starts_at=now, received_at=now,
            )
        )  # fmt: skip
    desk.session.add(
        DeviceAction(
            id="1", tenant_id=desk.device.tenant_id, device_id=desk.device.id, kind="restart_units", created_at=now,
            expires_at=now + timedelta(minutes=5),
        )
    )  # fmt: skip
    shown = words(desk.get().text)
    assert "SnapshotStale" in shown
    assert "TemperatureHigh" not in shown
    assert "restart units (asked" in shown


def test_rollback_points_lead_to_going_back(sit: Sit) -> None:
    desk = sit(Role.OPERATOR)
    run = factories.run(desk.session, [desk.device], playbook="site")
    version = factories.config_version(desk.session, desk.device, 4)
    desk.session.add(
        RollbackPoint(
            tenant_id=run.tenant_id, run_id=run.id, device_id=desk.device.id, config_version_id=version.id,
            config_number=4, release="1.3.0", created_at=run.requested_at,
        )
    )  # fmt: skip
    shown = desk.get().text
    assert f"/rollback?to=run:{run.id}" in shown
    assert re.search(r"Configuration 4 · release 1\.3\.0", words(shown))


def test_the_polled_part_is_only_what_changes(desk: Desk) -> None:
    part = desk.get("/state").text
    assert part.startswith('<section class="card site-state"')
    assert "<html" not in part
    assert 'hx-trigger="every 2s"' in part


def test_the_picture_comes_with_what_is_known_of_it(desk: Desk, pi: Pi) -> None:
    answer = desk.get("/picture")
    assert (answer.status_code, answer.mimetype, answer.data) == (200, "image/jpeg", JPEG)
    assert answer.headers["Cache-Control"] == "no-store"
    assert 5 <= float(answer.headers["X-Picture-Age-Seconds"]) < 8
    assert answer.headers["X-Snapshot-Timestamp"] == MOMENT
    assert answer.headers["X-Snapshot-Stale"] == "false"
    told = desk.get("/picture.json").get_json()
    assert base64.b64decode(told["image"].partition(",")[2]) == JPEG
    assert told["stale"] is False
    again = desk.get(f"/picture.json?have={MOMENT}").get_json()
    assert (again["image"], again["captured_at"]) == (None, MOMENT), "the page has it already"
    assert len(pi.asked) == 1, "three viewers, one question"
    assert pi.asked[0][1] == picture_keys.key_of(desk.device.id)


def test_a_stale_picture_is_marked(desk: Desk, pi: Pi) -> None:
    pi.headers["X-Snapshot-Stale"] = "true"
    assert desk.get("/picture").headers["X-Snapshot-Stale"] == "true"
    assert desk.get("/picture.json").get_json()["stale"] is True


def test_where_there_is_no_picture_there_is_a_reason(desk: Desk, pi: Pi) -> None:
    pi.status, pi.headers, pi.body = 503, {"Content-Type": "application/problem+json"}, b'{"detail": "no camera"}'
    answer = desk.client.get(f"{desk.base}/picture", headers={"Accept": "application/problem+json"})
    assert (answer.status_code, answer.mimetype) == (503, "application/problem+json")
    assert answer.get_json()["detail"] == "the Pi has no fresh picture: no camera"
    assert desk.get("/picture.json").get_json() == {"problem": "the Pi has no fresh picture: no camera"}


def test_the_page_says_why_a_pi_would_refuse_us_and_what_to_do(desk: Desk) -> None:
    assert "was not made here" in words(desk.get().text)
    desk.device.state.config_version = 1
    version = factories.config_version(desk.session, desk.device, 1)
    assert "does not have the control plane's key of today" in words(desk.get().text).replace("&#39;", "'")
    number = 2
    shown = version.shown | {"version": number, "api_keys": [picture_keys.entry_of(desk.device.id)]}
    wanted = factories.config_version(desk.session, desk.device, number, shown=shown)
    desk.device.state.desired_config = wanted
    assert "pictures come once its Pi runs that" in words(desk.get().text)
    desk.device.state.config_version = number
    shown_now = words(desk.get().text)
    assert "key" not in shown_now.partition("Status")[0].replace("host key", "")


def test_the_test_button_shows_what_a_controller_would_get(desk: Desk, pi: Pi) -> None:
    shown = words(desk.get("/picture/test").text)
    assert re.search(r"Latency \d+ ms", shown)
    assert "Status 200" in shown
    assert "X-Snapshot-Sequence 77" in shown
    assert "Set-Cookie" not in shown
    assert picture_keys.key_of(desk.device.id) not in shown
    pi.status, pi.headers, pi.body = 401, {"Content-Type": "text/plain"}, b""
    assert "does not accept the control plane" in words(desk.get("/picture/test").text)
