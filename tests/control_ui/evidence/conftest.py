"""One pack for all who look at packs: what is verified is a file, whatever database it came from."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from control_ui.database import make_engine
from control_ui.models.scope import ALL_TENANTS, open_session, session_factory
from control_ui.models.secrets import keyring
from control_ui.settings import Settings
from tests.control_ui.conftest import SECRET_KEY
from tests.control_ui.evidence import packing
from tests.control_ui.evidence.packing import Made


@pytest.fixture(scope="package")
def made(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    """A pack, and the key that signed it."""
    path = tmp_path_factory.mktemp("pack") / "control.db"
    shutil.copy(migrated_sqlite, path)
    keyring.load(Settings.from_environment({"SECRET_KEY": SECRET_KEY}).encryption_keys)
    engine = make_engine(f"sqlite:///{path}")
    sessions = session_factory(engine)
    with open_session(sessions, ALL_TENANTS) as session:
        tenant_id = packing.populate(session).tenant.id
    yield packing.make(sessions, tenant_id, Ed25519PrivateKey.generate())
    engine.dispose()
