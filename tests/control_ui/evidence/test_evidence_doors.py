"""Packs through the API and the commands."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import Result
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from flask import Flask

from control_ui.models.people import Role
from control_ui.models.scope import ScopedSession
from tests.control_ui import factories
from tests.control_ui.evidence import packing
from tests.control_ui.reports.history import History
from tools import verify_evidence

MARCH = ("--from", "2026-03-01", "--to", "2026-03-31")
BODY = {"from": "2026-03-01", "to": "2026-03-31", "reason": "Audit"}


@pytest.fixture
def history(session: ScopedSession) -> History:
    return packing.populate(session)


def run(app: Flask, *arguments: str) -> Result:
    return app.test_cli_runner().invoke(args=["evidence", *arguments])


def test_from_key_to_valid_pack_by_command(
    app: Flask, history: History, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert "evidence keygen" in run(app, "public-key").stderr
    made = run(app, "keygen")
    assert made.exit_code == 0, made.output
    assert run(app, "keygen").exit_code == 1, "it is not replaced"
    public = run(app, "public-key").stdout
    assert public == made.stdout
    done = run(app, "export", *MARCH, "--tenant", "ours", "--reason", "Audit")
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith("evidence-ours-2026-03-01-2026-03-31.zip: 6 audit entries")
    content = (tmp_path / "evidence-ours-2026-03-01-2026-03-31.zip").read_bytes()
    key = load_pem_public_key(public.encode())
    findings, _ = verify_evidence.verify(content, key)  # type: ignore[arg-type]  # it is Ed25519
    assert findings == []


def test_an_export_that_fails_leaves_no_file(app: Flask, history: History, tmp_path: Path) -> None:
    pack = tmp_path / "pack.zip"
    without_key = run(app, "export", *MARCH, "--tenant", "ours", "--output", str(pack))
    assert (without_key.exit_code, "evidence keygen" in without_key.stderr) == (1, True)
    run(app, "keygen")
    backwards = run(app, "export", "--from", "2026-03-31", "--to", "2026-03-01", "--tenant", "ours")
    assert "to: must be after `from`" in backwards.stderr
    assert "there is no tenant 'outs'" in run(app, "export", *MARCH, "--tenant", "outs").stderr
    nowhere = run(app, "export", *MARCH, "--tenant", "ours", "--output", str(tmp_path / "none" / "pack.zip"))
    assert (nowhere.exit_code, "cannot be written: No such file or directory" in nowhere.stderr) == (1, True)
    assert list(tmp_path.glob("*.zip*")) == []


def test_over_http_a_pack_is_a_zip_file_to_download(app: Flask, session: ScopedSession, history: History) -> None:
    run(app, "keygen")
    auditor = factories.user(session, history.tenant, Role.AUDITOR)
    session.commit()
    answer = app.test_client().post("/api/reports/evidence", json=BODY, headers=factories.headers(auditor))
    assert (answer.status_code, answer.mimetype) == (200, "application/zip")
    assert re.search(r'attachment; filename="evidence-ours-[\dT-]+\.zip"', answer.headers["Content-Disposition"])
    key = load_pem_public_key(run(app, "public-key").stdout.encode())
    findings, manifest = verify_evidence.verify(answer.data, key)  # type: ignore[arg-type]  # it is Ed25519
    assert (findings, manifest["made_by"]) == ([], auditor.email)


def test_over_http_what_cannot_be_made_is_a_problem_document(
    app: Flask, session: ScopedSession, history: History
) -> None:
    users = {
        role: factories.user(session, None if role == Role.PLATFORM_ADMIN else history.tenant, role) for role in Role
    }
    session.commit()
    client, headers = app.test_client(), {role: factories.headers(user) for role, user in users.items()}
    url = "/api/reports/evidence"
    missing = client.post(url, json=BODY, headers=headers[Role.ADMIN])
    assert (missing.status_code, missing.mimetype) == (503, "application/problem+json")
    assert "evidence keygen" in missing.get_json()["detail"]
    run(app, "keygen")
    for role, status in ((Role.VIEWER, 403), (Role.OPERATOR, 403), (Role.PLATFORM_ADMIN, 422)):
        assert client.post(url, json=BODY, headers=headers[role]).status_code == status
    wrong = client.post(url, json=BODY | {"to": "2026-02-01"}, headers=headers[Role.ADMIN])
    assert (wrong.status_code, wrong.get_json()["faults"][0]["path"]) == (422, "$.to")
    assert client.post(url, json={"from": "2026-03-01"}, headers=headers[Role.ADMIN]).status_code == 422
