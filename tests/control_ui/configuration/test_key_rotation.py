"""Changing the key that secrets are encrypted with, while everything runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
import sqlalchemy as sa
from click.testing import Result
from cryptography.fernet import Fernet

from control_ui import create_app
from control_ui.models import ConfigVersion, Device
from control_ui.models.scope import ALL_TENANTS, ScopedSession, SessionFactory, open_session
from control_ui.models.secrets import SecretsError, keyring
from control_ui.services.configuration import key_rotation
from control_ui.settings import Settings
from tests.control_ui import factories

OLD, NEW, STRANGER = (Fernet.generate_key().decode() for _ in range(3))


@pytest.fixture(autouse=True)
def keys(settings: Settings) -> Iterator[None]:
    """The keyring is the process's: what a test loads is taken out again."""
    yield
    keyring.load(settings.encryption_keys)


@pytest.fixture
def rows(sessions: SessionFactory) -> list[int]:
    """Ids of three devices with a configuration each, all under the old key."""
    keyring.load([OLD])
    with open_session(sessions, ALL_TENANTS) as session:
        tenant = factories.tenant(session)
        devices = [factories.device(session, tenant, camera_password=f"word-{at}") for at in range(3)]
        for device in devices:
            factories.config_version(session, device)
        session.commit()
        return [device.id for device in devices]


def passwords(sessions: SessionFactory) -> list[str | None]:
    with open_session(sessions, ALL_TENANTS) as session:
        return list(session.scalars(sa.select(Device.camera_password).order_by(Device.id)))


def counts(sessions: SessionFactory, *keys: str) -> dict[str, tuple[list[int], int]]:
    with open_session(sessions, ALL_TENANTS) as session:
        found = key_rotation.count(session, keys)
    return {one.column: (one.by_key, len(one.unreadable)) for one in found}


def rotate(sessions: SessionFactory, *keys: str) -> int:
    keyring.load(keys)
    with open_session(sessions, ALL_TENANTS) as session:
        return key_rotation.rotate(session, keys)


def test_every_encrypted_column_takes_part() -> None:
    assert {str(column) for column in key_rotation.secret_columns()} >= {
        "devices.camera_password", "devices.camera_path", "config_versions.document",
    }  # fmt: skip


def test_after_rotating_the_old_key_is_needed_no_more(sessions: SessionFactory, rows: list[int]) -> None:
    assert counts(sessions, NEW, OLD)["devices.camera_password"] == ([0, 3], 0)
    assert rotate(sessions, NEW, OLD) == 9
    assert counts(sessions, NEW, OLD)["devices.camera_password"] == ([3, 0], 0)
    assert counts(sessions, NEW)["config_versions.document"] == ([3], 0)
    keyring.load([NEW])
    assert passwords(sessions) == ["word-0", "word-1", "word-2"]
    with open_session(sessions, ALL_TENANTS) as session:
        documents = [version.document for version in session.scalars(sa.select(ConfigVersion))]
    assert all("word-" in document["rtsp_url"] for document in documents)
    keyring.load([OLD])
    with pytest.raises(SecretsError, match="CARWASH_ENCRYPTION_KEYS"):
        passwords(sessions)


def test_both_keys_are_read_while_it_is_going_on(sessions: SessionFactory, rows: list[int]) -> None:
    keyring.load([NEW, OLD])
    with open_session(sessions, ALL_TENANTS) as session:
        session.get_one(Device, rows[1]).camera_password = "newly set"
        session.commit()
    assert counts(sessions, NEW, OLD)["devices.camera_password"] == ([1, 2], 0)
    assert passwords(sessions) == ["word-0", "newly set", "word-2"]


def test_rotating_again_finds_nothing_to_do(sessions: SessionFactory, rows: list[int]) -> None:
    rotate(sessions, NEW, OLD)
    assert rotate(sessions, NEW, OLD) == 0


def test_an_interrupted_rotation_goes_on_where_it_stopped(
    sessions: SessionFactory, rows: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(key_rotation, "BATCH", 2)
    keyring.load([NEW, OLD])

    def interrupt(_column: str, _seen: int) -> None:
        raise KeyboardInterrupt

    with open_session(sessions, ALL_TENANTS) as session, pytest.raises(KeyboardInterrupt):
        key_rotation.rotate(session, [NEW, OLD], interrupt)
    done = sum(by_key[0] for by_key, _ in counts(sessions, NEW, OLD).values())
    assert done == 2, "the first batch is kept"
    assert rotate(sessions, NEW, OLD) == 7


def test_progress_is_told_by_batch(sessions: SessionFactory, rows: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_rotation, "BATCH", 2)
    keyring.load([NEW, OLD])
    told: list[tuple[str, int]] = []
    with open_session(sessions, ALL_TENANTS) as session:
        key_rotation.rotate(session, [NEW, OLD], lambda column, seen: told.append((column, seen)))
    assert [seen for column, seen in told if column == "devices.camera_password"] == [2, 3]


def test_a_password_that_is_set_meanwhile_is_not_overwritten(
    sessions: SessionFactory, rows: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Read under the old key, changed by somebody, and only then written by us."""
    keyring.load([NEW, OLD])
    swap = key_rotation._swap

    def late_swap(session: ScopedSession, column: key_rotation.Column, row_id: int, token: bytes) -> int:
        if column.name == "camera_password" and row_id == rows[0]:
            session.execute(sa.update(Device).where(Device.id == row_id).values(camera_password="newly set"))
        return swap(session, column, row_id, token)

    monkeypatch.setattr(key_rotation, "_swap", late_swap)
    rotate(sessions, NEW, OLD)
    assert passwords(sessions)[0] == "newly set"


def test_nobodys_etag_changes(sessions: SessionFactory, rows: list[int]) -> None:
    def row_versions() -> list[int]:
        with open_session(sessions, ALL_TENANTS) as session:
            return list(session.scalars(sa.select(Device.row_version).order_by(Device.id)))

    before = row_versions()
    rotate(sessions, NEW, OLD)
    assert row_versions() == before


def command(settings: Settings, keys: tuple[str, ...], *arguments: str) -> Result:
    app = create_app(replace(settings, encryption_keys=keys))
    result = app.test_cli_runner().invoke(args=["secrets", *arguments])
    app.extensions["carwash"].sessions.kw["bind"].dispose()
    app.extensions["carwash"].redis.close()
    return result


def test_the_commands_say_what_each_key_is_still_needed_for(
    settings: Settings, sessions: SessionFactory, rows: list[int]
) -> None:
    result = command(settings, (NEW, OLD), "check")
    assert result.exit_code == 0
    assert "devices.camera_password: 0 by key 1" in result.output
    assert "can be taken out" not in result.output
    result = command(settings, (NEW, OLD), "rotate")
    assert result.exit_code == 0
    assert "9 secrets are now encrypted with key 1" in result.output
    assert "Nothing needs key 2" in result.output
    assert "can be taken out of CARWASH_ENCRYPTION_KEYS" in result.output
    assert NEW not in result.output
    assert OLD not in result.output
    assert command(settings, (NEW,), "check").exit_code == 0


def test_the_way_from_the_derived_key_to_one_of_ones_own(settings: Settings, sessions: SessionFactory) -> None:
    (derived,) = settings.encryption_keys
    with open_session(sessions, ALL_TENANTS) as session:
        factories.device(session, factories.tenant(session), camera_password="word")
        session.commit()
    result = command(settings, (NEW, derived), "check")
    assert "1 by the key derived from SECRET_KEY" in result.output
    assert "Nothing needs" not in result.output
    result = command(settings, (NEW, derived), "rotate")
    assert "2 secrets are now encrypted with key 1" in result.output
    assert "Nothing needs the key derived from SECRET_KEY any more: no secret would be lost" in result.output
    assert "CARWASH_ENCRYPTION_KEYS" not in result.output, "it is not there to be taken out"
    assert passwords(sessions) == ["word"]


def test_a_secret_that_no_key_decrypts_is_named_and_left_as_it_is(
    settings: Settings, sessions: SessionFactory, rows: list[int]
) -> None:
    for arguments in ("check", "rotate"):
        result = command(settings, (STRANGER, NEW), arguments)
        assert result.exit_code == 1
        assert f"No key decrypts devices.camera_password of the rows {', '.join(map(str, rows))}" in result.output
    keyring.load([OLD])
    assert passwords(sessions) == ["word-0", "word-1", "word-2"]
