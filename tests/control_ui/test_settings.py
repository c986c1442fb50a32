"""The environment is read once, and whatever is wrong with it stops the start with a sentence."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from control_ui.settings import REPOSITORY, Settings, SettingsError

KEY = "k" * 32


def read(**environment: str) -> Settings:
    return Settings.from_environment({"SECRET_KEY": KEY} | environment)


def test_with_a_secret_key_alone_it_is_sqlite_and_a_local_redis() -> None:
    settings = read()
    assert settings.database_url == f"sqlite:///{REPOSITORY / 'instance' / 'control.db'}"
    assert settings.redis_url == "redis://127.0.0.1:6379/0"
    assert settings.cookie_secure


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"SECRET_KEY": ""}, "SECRET_KEY is not set"),
        ({"SECRET_KEY": "short"}, "shorter than 32"),
        ({"DATABASE_URL": "mysql://root:hunter2@x/y"}, "DATABASE_URL begins with 'mysql'"),
        ({"CARWASH_ENCRYPTION_KEYS": f"{Fernet.generate_key().decode()},nonsense"}, "key 2 of CARWASH_ENCRYPTION_KEYS"),
        ({"CARWASH_COOKIE_SECURE": "maybe"}, "CARWASH_COOKIE_SECURE"),
        ({"CARWASH_RUN_WORKERS": "0"}, "CARWASH_RUN_WORKERS"),
        ({"CARWASH_LIVE_LOGS": "0"}, "CARWASH_LIVE_LOGS"),
        ({"CARWASH_ALERTMANAGER_URL": "alerts.example:9093"}, "it must be like http://127.0.0.1:9093"),
        ({"CARWASH_ALERTMANAGER_URL": "http://user:hunter2@alerts"}, "CARWASH_ALERTMANAGER_URL"),
        ({"CARWASH_ANSIBLE_FORKS": "many"}, "CARWASH_ANSIBLE_FORKS"),
    ],
)
def test_what_is_wrong_is_named_and_no_secret_is_quoted(environment: dict[str, str], words: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read(**environment)
    assert words in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_the_derived_encryption_key_depends_on_the_secret_key() -> None:
    assert read().encryption_keys == read().encryption_keys
    assert read().encryption_keys != read(SECRET_KEY="other" * 8).encryption_keys
    assert KEY not in read().encryption_keys[0]


def test_keys_that_are_given_come_before_the_derived_one_which_still_decrypts() -> None:
    given = [Fernet.generate_key().decode() for _ in range(2)]
    settings = read(CARWASH_ENCRYPTION_KEYS=", ".join(given))
    assert settings.encryption_keys == (*given, *read().encryption_keys)
    assert settings.derived_encryption_key == settings.encryption_keys[-1]


def test_the_server_ends_with_the_sentence_and_no_traceback(tmp_path: Path) -> None:
    result = subprocess.run(
        [sys.executable, "-m", "control_ui.wsgi"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert result.returncode == 1
    assert result.stderr.startswith("control_ui: SECRET_KEY is not set")
    assert "Traceback" not in result.stderr


def test_grafana_is_where_people_find_it_or_nowhere() -> None:
    assert read().grafana_url == ""
    assert read(CARWASH_GRAFANA_URL="https://grafana.example/sub/").grafana_url == "https://grafana.example/sub"
    for wrong in ("grafana.example", "javascript:alert(1)", "https://grafana.example/?x=1"):
        with pytest.raises(SettingsError, match="CARWASH_GRAFANA_URL"):
            read(CARWASH_GRAFANA_URL=wrong)
    assert read(CARWASH_TLS_CERTIFICATE="/etc/ssl/fleet.pem").tls_certificate == Path("/etc/ssl/fleet.pem")
