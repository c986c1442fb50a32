"""Reports and evidence packs: asked for, made by a worker, downloaded by who asked, forgotten."""

from __future__ import annotations

import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from control_ui.jobs import reporting
from control_ui.jobs.context import JobContext
from control_ui.jobs.stopping import STOPPING
from control_ui.models import ReportFile, User
from control_ui.models.people import Role
from control_ui.models.scope import ALL_TENANTS, ScopedSession, SessionFactory, open_session
from control_ui.services.actor import system
from control_ui.services.evidence import keys
from control_ui.services.report_files import production, requests
from control_ui.settings import Settings
from tests.control_ui import factories
from tests.control_ui.pages.browser import sign_in, submit
from tests.control_ui.people.cast import Cast, trail
from tools import verify_evidence

PERIOD = {"from": "2026-03-01", "to": "2026-03-31"}


def ask(client: FlaskClient, path: str = "/audit/reports", **values: str) -> TestResponse:
    defaults = {"kind": "runs", "format": "csv"} if path.endswith("reports") else {"reason": "Quarterly audit"}
    return submit(client, path, **PERIOD | defaults | values)


def only(sessions: SessionFactory) -> ReportFile:
    with open_session(sessions, ALL_TENANTS) as session:
        return session.scalars(sa.select(ReportFile)).one()


def change(session: ScopedSession, **values: Any) -> None:
    session.execute(sa.update(ReportFile).values(**values))
    session.commit()


@pytest.fixture
def signing(settings: Settings, session: ScopedSession) -> Path:
    keys.generate(session, system("a test"), settings.signing_key_file, datetime.now(UTC))
    return settings.signing_key_file


@pytest.mark.parametrize(
    ("values", "kind", "inline"),
    [
        ({"format": "csv"}, "text/csv", False),
        ({"format": "html", "person": "operator"}, "text/html", True),
        ({"kind": "sla", "format": "json"}, "application/json", False),
    ],
)
def test_a_report_is_made_by_a_worker_and_downloaded_by_who_asked(
    client: FlaskClient, cast: Cast, sessions: SessionFactory, here: JobContext, values: dict[str, str], kind: str,
    inline: bool,
) -> None:  # fmt: skip
    with open_session(sessions, ALL_TENANTS) as session:
        device = factories.device(session, cast.tenant)
        factories.run(session, [device], requested_at=datetime(2026, 3, 4, tzinfo=UTC))
        session.commit()
    sign_in(client, cast[Role.AUDITOR])
    assert ask(client, **values).status_code == 303
    assert "waits for a worker" in client.get("/audit/reports").text
    reporting.work()
    file = only(sessions)
    assert (file.state, file.error) == ("ready", "")
    answer = client.get(f"/audit/reports/{file.id}")
    assert answer.status_code == 200
    assert answer.mimetype == kind
    assert answer.headers["Content-Disposition"].startswith("inline" if inline else "attachment")
    assert len(answer.data) == file.size_bytes
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert stat.S_IMODE(requests.path_of(here.settings.reports_dir, file.id).stat().st_mode) == 0o600
    polled = client.get("/audit/reports", headers={"HX-Target": "report-files"}).text
    assert "hx-get" not in polled, "what has come to its end is not asked for any more"


def test_nobody_else_gets_it(client: FlaskClient, cast: Cast, sessions: SessionFactory, here: JobContext) -> None:
    sign_in(client, cast[Role.AUDITOR])
    ask(client)
    reporting.work()
    path = f"/audit/reports/{only(sessions).id}"
    for person, status in ((cast[Role.ADMIN], 404), (cast.stranger, 404), (cast[Role.PLATFORM_ADMIN], 404)):
        other = client.application.test_client()
        sign_in(other, person)
        assert other.get(path).status_code == status
        assert path not in other.get("/audit/reports").text


@pytest.mark.parametrize(
    ("path", "values", "words"),
    [
        ("/audit/reports", {"from": "2026-04-01"}, "must be after"),
        ("/audit/reports", {"from": "never"}, "must be a day"),
        ("/audit/reports", {"site": "Nowhere"}, "there is no site"),
        ("/audit/reports", {"kind": "sla", "site": "Nowhere"}, "is not the name of a site"),
        ("/audit/reports", {"format": "pdf"}, "the report cannot be made"),
        ("/audit/evidence", {}, "There is no key to sign evidence packs with"),
    ],
)
def test_what_cannot_be_made_is_told_at_once_and_what_was_entered_stays(
    client: FlaskClient, cast: Cast, sessions: SessionFactory, path: str, values: dict[str, str], words: str
) -> None:
    sign_in(client, cast[Role.AUDITOR])
    answer = ask(client, path, **values)
    assert answer.status_code == (503 if path == "/audit/evidence" else 422)
    assert words.lower() in answer.text.lower().replace("&#39;", "'")
    assert 'value="2026-03-31"' in answer.text
    with open_session(sessions, ALL_TENANTS) as session:
        assert session.scalars(sa.select(ReportFile)).all() == []


def test_an_evidence_pack_is_valid_with_the_key_and_the_verifier_of_the_page(
    client: FlaskClient, cast: Cast, sessions: SessionFactory, here: JobContext, signing: Path
) -> None:
    sign_in(client, cast[Role.AUDITOR])
    assert ask(client, "/audit/evidence").status_code == 303
    reporting.work()
    file = only(sessions)
    assert (file.state, file.error) == ("ready", "")
    pack = client.get(f"/audit/reports/{file.id}").data
    key = load_pem_public_key(client.get("/audit/evidence/public.pem").data)
    findings, _ = verify_evidence.verify(pack, key)  # type: ignore[arg-type]  # an Ed25519 key
    assert findings == []
    assert client.get("/audit/evidence/verify_evidence.py").data == Path(verify_evidence.__file__).read_bytes()
    (entry,) = trail(sessions, "evidence.export")
    assert (entry.actor_name, entry.reason, entry.remote_address) == (
        "auditor@ours.test",
        "Quarterly audit",
        "127.0.0.1",
    )
    assert keys.fingerprint(keys.load(signing)) in client.get("/audit/evidence").text


def test_the_platform_says_which_tenant_a_pack_is_about(
    client: FlaskClient, cast: Cast, sessions: SessionFactory, here: JobContext, signing: Path
) -> None:
    sign_in(client, cast[Role.PLATFORM_ADMIN])
    assert ask(client, "/audit/evidence").status_code == 422
    assert ask(client, "/audit/evidence", tenant="theirs").status_code == 303
    reporting.work()
    assert only(sessions).tenant_id == cast.stranger.tenant_id
    assert only(sessions).file_name.startswith("evidence-theirs-")


def test_who_has_lost_the_right_meanwhile_gets_nothing(
    client: FlaskClient, cast: Cast, sessions: SessionFactory, here: JobContext
) -> None:
    sign_in(client, cast[Role.AUDITOR])
    ask(client)
    with open_session(sessions, ALL_TENANTS) as session:
        session.execute(sa.update(User).where(User.id == cast[Role.AUDITOR].id).values(role=Role.VIEWER))
        session.commit()
    reporting.work()
    assert (only(sessions).state, only(sessions).error) == ("failed", "who asked for it may not see it any more")


def test_what_breaks_is_told_and_does_not_stop_the_next(
    client: FlaskClient, cast: Cast, sessions: SessionFactory, here: JobContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_arguments: object) -> None:
        raise RuntimeError("secret reasons")

    sign_in(client, cast[Role.AUDITOR])
    ask(client)
    with monkeypatch.context() as patch:
        patch.setattr(production, "produce", broken)
        reporting.work()
    text = client.get("/audit/reports").text
    assert "the worker&#39;s log says why" in text
    assert "secret reasons" not in text
    assert not list(here.settings.reports_dir.iterdir())
    ask(client)
    reporting.work()
    assert "Download" in client.get("/audit/reports").text


def test_a_worker_that_has_to_stop_leaves_the_report_to_the_next(
    client: FlaskClient, cast: Cast, sessions: SessionFactory, here: JobContext, signing: Path
) -> None:
    sign_in(client, cast[Role.AUDITOR])
    ask(client, "/audit/evidence")
    STOPPING.set()
    try:
        assert not reporting.make_one(here)
    finally:
        STOPPING.clear()
    assert only(sessions).state == "queued"
    assert reporting.make_one(here)
    assert only(sessions).state == "ready"


def test_nobody_has_more_made_than_a_worker_can_do(client: FlaskClient, cast: Cast) -> None:
    sign_in(client, cast[Role.AUDITOR])
    assert [ask(client).status_code for _ in range(6)] == [303] * 5 + [409]


def test_what_has_expired_is_gone_and_what_was_given_up_has_failed(
    client: FlaskClient, cast: Cast, sessions: SessionFactory, session: ScopedSession, here: JobContext
) -> None:
    directory, now = here.settings.reports_dir, datetime.now(UTC)
    sign_in(client, cast[Role.AUDITOR])
    ask(client)
    reporting.work()
    file = only(sessions)
    change(session, expires_at=now)
    assert client.get(f"/audit/reports/{file.id}").status_code == 404
    assert requests.forget(session, directory, now) == 1
    assert not list(directory.iterdir())
    ask(client)
    change(session, state="running", started_at=now - timedelta(hours=2))
    requests.forget(session, directory, now)
    assert only(sessions).state == "failed"
