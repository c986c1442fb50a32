"""One alert: what it says, what was tried, who knows; its incident, and its runbook."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from control_ui.models import Alert, DeviceAction, DeviceLog, DeviceState
from control_ui.models.people import Role
from control_ui.models.scope import ALL_TENANTS, SessionFactory, open_session
from control_ui.services.alertmanager import standing
from control_ui.services.alerts import runbooks
from tests.control_ui import factories
from tests.control_ui.pages.alerts.conftest import Watch
from tests.control_ui.pages.browser import sign_in
from tests.control_ui.people.cast import Cast


def test_the_page_tells_what_was_tried_in_its_order(
    client: FlaskClient, cast: Cast, sessions: SessionFactory, watch: Watch
) -> None:
    now, device = datetime.now(UTC), watch.device
    whose = {"tenant_id": device.tenant_id, "device_id": device.id}
    with open_session(sessions, ALL_TENANTS) as session:
        line = {"entry_id": "1", "unit": "carwash-agent.service", "priority": 4}
        session.add(
            DeviceLog(**whose, **line, at=now - timedelta(minutes=9), message="self-healing: restart the stream")
        )
        session.add(DeviceLog(**whose, **line | {"entry_id": "2"}, at=now, message="something else"))
        session.add(
            DeviceAction(
                **whose, id="a" * 36, kind="restart_stream", reason="try once more", result="ok",
                created_at=now - timedelta(minutes=8), expires_at=now,
            )
        )  # fmt: skip
        factories.run(session, [device], playbook="restart", requested_at=now - timedelta(minutes=7))
        report = {"status": {"actions": [{"action": "restart_stream", "result": "ok", "count": 17}]}}
        session.execute(sa.update(DeviceState).where(DeviceState.device_id == device.id).values(report=report))
        session.commit()
    sign_in(client, cast[Role.VIEWER])
    text = client.get(f"/alerts/{watch.critical}").text
    places = [
        text.index(words)
        for words in ("It began", "restart the stream", "asked to restart stream", "restart, asked for by")
    ]
    assert places == sorted(places)
    assert "17" in text
    assert "something else" not in text
    assert "Nobody has acknowledged it" in text


def test_the_page_says_when_it_goes_to_the_next_receiver_and_that_acknowledging_keeps_it(
    client: FlaskClient, cast: Cast, sessions: SessionFactory, watch: Watch
) -> None:
    now = datetime.now(UTC)
    sign_in(client, cast[Role.OPERATOR])

    def text(**values: Any) -> str:
        with open_session(sessions, ALL_TENANTS) as session:
            session.execute(sa.update(Alert).where(Alert.id == watch.critical).values(**values))
            session.commit()
        return client.get(f"/alerts/{watch.critical}").text

    assert "next receiver" not in text(escalates_at=None)
    assert "It goes to the next receiver" in text(escalates_at=now + timedelta(minutes=5))
    assert "It went to the next receiver" in text(escalates_at=now - timedelta(minutes=5))
    assert "while WideOutage fires" in text(inhibited_by="WideOutage")
    silenced = text(inhibited_by="", silenced_by="alice: new switch")
    assert "Silenced in Alertmanager by alice: new switch" in silenced
    assert "It goes to nobody else." in silenced
    acknowledged = text(silenced_by="", acknowledged_at=now, acknowledged_by="bob")
    assert "It goes to nobody else." in acknowledged


def test_the_list_says_that_alertmanager_does_not_answer_and_why_to_the_platform_only(
    client: FlaskClient, cast: Cast, sessions: SessionFactory, watch: Watch
) -> None:
    now = datetime.now(UTC)
    with open_session(sessions, ALL_TENANTS) as session:
        standing.note(session, now, started_at=now, problem="")
    sign_in(client, cast[Role.VIEWER])
    assert "Alertmanager does not answer" not in client.get("/alerts").text
    with open_session(sessions, ALL_TENANTS) as session:
        standing.note(session, now, started_at=None, problem="it cannot be asked at 10.0.0.7")
    text = client.get("/alerts").text
    assert "Alertmanager does not answer" in text
    assert "10.0.0.7" not in text
    assert "this may be out of date" in client.get(f"/alerts/{watch.critical}").text


def test_a_stranger_finds_none_of_our_pages(client: FlaskClient, cast: Cast, watch: Watch) -> None:
    sign_in(client, cast.stranger)
    for path in (
        f"/alerts/{watch.critical}",
        f"/alerts/acknowledge?id={watch.critical}",
        f"/alerts/incidents/{watch.incident}",
        f"/alerts/{watch.platforms}",
        f"/alerts/{2**70}",
    ):
        assert client.get(path).status_code == 404, path


def test_an_incident_has_its_alerts_and_its_cause(client: FlaskClient, cast: Cast, watch: Watch) -> None:
    sign_in(client, cast[Role.VIEWER])
    listing, page = client.get("/alerts/incidents").text, client.get(f"/alerts/incidents/{watch.incident}").text
    assert "The east is dark" in listing
    assert "ISP" in page
    assert "SiteOffline" in page
    assert "SnapshotStale" not in page


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "//evil.test/x", "http://[", "/x y", ""])
def test_only_a_harmless_address_becomes_a_link(
    client: FlaskClient, cast: Cast, sessions: SessionFactory, watch: Watch, url: str
) -> None:
    with open_session(sessions, ALL_TENANTS) as session:
        values = {"annotations": {"runbook_url": url}}
        session.execute(sa.update(Alert).where(Alert.id == watch.critical).values(values))
        session.commit()
    sign_in(client, cast[Role.VIEWER])
    assert f'href="{url}"' not in client.get(f"/alerts/{watch.critical}").text


def test_a_runbook_elsewhere_is_linked_and_one_of_ours_is_shown(tmp_path: Path) -> None:
    (tmp_path / "docs/runbooks").mkdir(parents=True)
    (tmp_path / "docs/runbooks/SiteOffline.md").write_text("# Look at the router")
    elsewhere = runbooks.of({"runbook_url": "https://wiki.test/x"}, tmp_path)
    ours = runbooks.of({"runbook_url": "https://git.test/docs/runbooks/SiteOffline.md#first"}, tmp_path)
    assert elsewhere is not None
    assert elsewhere.url == "https://wiki.test/x"
    assert ours is not None
    assert ours.name == "SiteOffline"
    assert "router" in runbooks.read("SiteOffline", tmp_path)


def test_no_other_file_passes_for_a_runbook(client: FlaskClient, cast: Cast) -> None:
    sign_in(client, cast[Role.VIEWER])
    for name in ("../README", "..%2f..%2fREADME", "nothing"):
        assert client.get(f"/alerts/runbooks/{name}").status_code == 404
