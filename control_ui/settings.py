"""What the control plane is told by its environment, read once and then unchangeable."""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

REPOSITORY = Path(__file__).resolve().parent.parent
SHORTEST_SECRET_KEY = 32
_ADDRESS = re.compile(r"https?://[^\s?#]+")
_SERVER = re.compile(r"https?://(\[[0-9A-Fa-f:]+\]|[A-Za-z0-9.-]+)(:[0-9]{1,5})?(/[A-Za-z0-9._~/-]*)?")
_TILES = re.compile(r"(?P<origin>https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?)/\S*")


class SettingsError(ValueError):
    """The environment does not make sense. The sentence says which variable, and how to mend it."""


@dataclass(frozen=True)
class Settings:
    """Paths are absolute. Durations are in seconds."""

    database_url: str
    redis_url: str
    secret_key: str
    encryption_keys: tuple[str, ...]
    """Fernet keys, the newest first: it encrypts, all of them decrypt. The last is the one derived from SECRET_KEY."""
    instance_dir: Path
    """Evidence signing key, SSH keys, private data directories of runs; and the database, where it is SQLite."""
    repository: Path
    """The checkout whose playbooks are run."""
    public_url: str
    """Where people, Pis and the inventory plugin reach this control plane."""
    alert_webhook_token: str
    """What Alertmanager presents; empty refuses it."""
    metrics_token: str
    """What Prometheus presents for /metrics and /api/prometheus/...; empty refuses it."""
    alertmanager_url: str
    """Which Alertmanager is asked for alerts and is told of silences; empty for none."""
    map_tiles: str
    """Address of a tile server for the map, with {z}, {x} and {y} in it; empty: the map is drawn without one."""
    grafana_url: str
    """Where people find Grafana; empty: sites have no link to it."""
    tls_certificate: Path | None
    """The certificate (PEM) that nginx shows for `public_url`: how long it lasts is told to Prometheus."""
    cookie_secure: bool
    trusted_proxies: int
    run_workers: int
    live_logs: int
    """So many logs are followed at the same time, by each worker process."""
    hosts_per_slice: int
    ansible_forks: int
    healing_most_at_once: int
    """So many devices are healed by the control plane at the same time, or 5 % of the fleet if that is fewer."""
    smtp_url: str
    """`smtp://user:password@host:587?from=a@b&to=c@d`: who sends the daily summary, and to whom; empty: nobody."""
    summary_webhook: str
    """Where the daily summary is sent as JSON; empty: nowhere."""

    @property
    def derived_encryption_key(self) -> str:
        """What encrypts as long as CARWASH_ENCRYPTION_KEYS are not set, and decrypts always."""
        return _derived_key(self.secret_key)

    @property
    def map_tiles_origin(self) -> str:
        """`https://tiles.example`, or empty."""
        found = _TILES.match(self.map_tiles)
        return found["origin"] if found else ""

    @property
    def ssh_key_dir(self) -> Path:
        """`<tenant's slug>` or `default`: private keys that only the worker's user can read."""
        return self.instance_dir / "ssh-keys"

    @property
    def runs_dir(self) -> Path:
        """Private data directories of runs."""
        return self.instance_dir / "runs"

    @property
    def reports_dir(self) -> Path:
        """Reports and evidence packs that were asked for at a page, until they expire. Workers write, the web reads."""
        return self.instance_dir / "reports"

    @property
    def signing_key_file(self) -> Path:
        """Ed25519 private key (PEM) that signs evidence packs."""
        return self.instance_dir / "evidence-signing-key.pem"

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Settings:
        """Read the environment. Raises SettingsError."""
        given = os.environ if environment is None else environment
        instance = Path(given.get("CARWASH_INSTANCE_DIR", str(REPOSITORY / "instance"))).resolve()
        secret_key = _secret_key(given)
        return cls(
            database_url=_database_url(given, instance),
            redis_url=given.get("REDIS_URL", "redis://127.0.0.1:6379/0"),
            secret_key=secret_key,
            encryption_keys=_encryption_keys(given, secret_key),
            instance_dir=instance,
            repository=Path(given.get("CARWASH_REPOSITORY", str(REPOSITORY))).resolve(),
            public_url=given.get("CARWASH_PUBLIC_URL", "http://127.0.0.1:8000").rstrip("/"),
            alert_webhook_token=given.get("CARWASH_ALERT_WEBHOOK_TOKEN", ""),
            metrics_token=given.get("CARWASH_METRICS_TOKEN", ""),
            alertmanager_url=_alertmanager_url(given),
            map_tiles=_map_tiles(given),
            grafana_url=_grafana_url(given),
            tls_certificate=Path(given["CARWASH_TLS_CERTIFICATE"]) if given.get("CARWASH_TLS_CERTIFICATE") else None,
            cookie_secure=_flag(given, "CARWASH_COOKIE_SECURE", default=True),
            trusted_proxies=_number(given, "CARWASH_TRUSTED_PROXIES", 0, 0, 10),
            run_workers=_number(given, "CARWASH_RUN_WORKERS", 2, 1, 64),
            live_logs=_number(given, "CARWASH_LIVE_LOGS", 3, 1, 32),
            hosts_per_slice=_number(given, "CARWASH_HOSTS_PER_SLICE", 250, 1, 10_000),
            ansible_forks=_number(given, "CARWASH_ANSIBLE_FORKS", 50, 1, 500),
            healing_most_at_once=_number(given, "CARWASH_HEALING_MOST_AT_ONCE", 5, 1, 100),
            smtp_url=_smtp_url(given),
            summary_webhook=_webhook(given),
        )


def _secret_key(given: Mapping[str, str]) -> str:
    key = given.get("SECRET_KEY", "")
    if len(key) < SHORTEST_SECRET_KEY:
        raise SettingsError(
            f"SECRET_KEY is {'not set' if not key else f'shorter than {SHORTEST_SECRET_KEY} characters'}."
            " It signs sessions and tokens. Make one, keep it out of git, and set it for every process:"
            " python3 -c 'import secrets; print(secrets.token_urlsafe(48))'"
        )
    return key


def _database_url(given: Mapping[str, str], instance: Path) -> str:
    url = given.get("DATABASE_URL") or f"sqlite:///{instance / 'control.db'}"
    if not url.startswith(("sqlite:", "postgresql:", "postgresql+psycopg2:")):
        scheme = url.partition(":")[0]
        raise SettingsError(
            f"DATABASE_URL begins with {scheme!r}; it must be sqlite:///PATH or postgresql://USER@HOST/NAME"
        )
    return url


def _encryption_keys(given: Mapping[str, str], secret_key: str) -> tuple[str, ...]:
    """CARWASH_ENCRYPTION_KEYS, newest first, and behind them the key that encrypted before they were set."""
    keys = [key.strip() for key in given.get("CARWASH_ENCRYPTION_KEYS", "").split(",") if key.strip()]
    for position, key in enumerate(keys, start=1):
        try:
            Fernet(key)
        except ValueError as error:
            raise SettingsError(
                f"key {position} of CARWASH_ENCRYPTION_KEYS is no Fernet key. Make one: python3 -c"
                " 'from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())'"
            ) from error
    return (*keys, _derived_key(secret_key))


def _derived_key(secret_key: str) -> str:
    derived = HKDF(SHA256(), 32, salt=None, info=b"carwash camera passwords").derive(secret_key.encode())
    return base64.urlsafe_b64encode(derived).decode()


def _alertmanager_url(given: Mapping[str, str]) -> str:
    url = given.get("CARWASH_ALERTMANAGER_URL", "").rstrip("/")
    if url and not _SERVER.fullmatch(url):
        raise SettingsError(
            "CARWASH_ALERTMANAGER_URL is not the address of a server: it must be like http://127.0.0.1:9093"
        )
    return url


def _map_tiles(given: Mapping[str, str]) -> str:
    """The page may load pictures from there, so it has to be the address of a server, and nothing that could end the
    directive of the page's policy."""
    url = given.get("CARWASH_MAP_TILES", "")
    if url and not (_TILES.match(url) and all(part in url for part in ("{z}", "{x}", "{y}"))):
        raise SettingsError(
            f"CARWASH_MAP_TILES is {url!r}; it must be like https://tiles.example/{{z}}/{{x}}/{{y}}.png, with the"
            " server's name written out"
        )
    return url


def _grafana_url(given: Mapping[str, str]) -> str:
    url = given.get("CARWASH_GRAFANA_URL", "").rstrip("/")
    if url and not _ADDRESS.fullmatch(url):
        raise SettingsError(f"CARWASH_GRAFANA_URL is {url!r}; it must be like https://grafana.example")
    return url


def _smtp_url(given: Mapping[str, str]) -> str:
    url = given.get("CARWASH_SMTP_URL", "")
    parts = urlsplit(url)
    asked = parse_qs(parts.query)
    if url and not (parts.scheme in ("smtp", "smtps") and parts.hostname and asked.get("from") and asked.get("to")):
        raise SettingsError(
            "CARWASH_SMTP_URL must be like smtp://user:password@mail.example:587?from=fleet@example&to=ops@example"
            " (smtps:// for TLS from the start; several receivers with commas)"
        )
    return url


def _webhook(given: Mapping[str, str]) -> str:
    url = given.get("CARWASH_SUMMARY_WEBHOOK", "")
    parts = urlsplit(url)
    if url and not (parts.scheme in ("http", "https") and parts.hostname):
        raise SettingsError("CARWASH_SUMMARY_WEBHOOK must be an address like https://chat.example/hooks/fleet")
    return url


def _flag(given: Mapping[str, str], name: str, *, default: bool) -> bool:
    text = given.get(name, "").lower()
    if text not in ("", "0", "1", "false", "true"):
        raise SettingsError(f"{name} is {text!r}; it must be 0 or 1")
    return default if text == "" else text in ("1", "true")


def _number(given: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    text = given.get(name, "")
    if text == "":
        return default
    if not text.isdecimal() or not least <= int(text) <= most:
        raise SettingsError(f"{name} is {text!r}; it must be a whole number from {least} to {most}")
    return int(text)
