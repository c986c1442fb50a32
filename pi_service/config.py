"""The configuration of a Pi: checked against the schema, then read as one typed, unchangeable object."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass, fields
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

SCHEMA_FILE = Path(__file__).with_name("config.schema.json")
_NEVER_QUOTED = ("api_keys", "control_url", "device_token_file")  # where somebody may put the secret itself by mistake


@dataclass(frozen=True)
class Fault:
    """One thing wrong with a configuration: where (`$.api_keys[0].sha256`) and what."""

    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}"


class ConfigError(ValueError):
    """A configuration was refused. `faults` names every reason."""

    def __init__(self, faults: list[Fault]) -> None:
        self.faults = faults
        super().__init__("; ".join(map(str, faults)))


@dataclass(frozen=True)
class ApiKey:
    """Who may fetch pictures, known by the SHA-256 of the key."""

    name: str
    sha256: str
    expires_at: datetime | None = None

    def admits(self, presented: str, now: datetime) -> bool:
        """Whether `presented` is this key and has not expired. Takes the same time for every wrong key."""
        digest = hashlib.sha256(presented.encode()).hexdigest()
        matches = hmac.compare_digest(digest, self.sha256)
        return matches and (self.expires_at is None or now < self.expires_at)


@dataclass(frozen=True)
class Thresholds:
    temperature_celsius: float
    unit_memory_bytes: int
    disk_usage_percent: float
    frozen_intervals: int


@dataclass(frozen=True)
class SelfHealing:
    enabled: bool
    reboot: bool
    cooldown_seconds: float


@dataclass(frozen=True)
class Config:
    """A valid configuration with every default filled in. The schema says what each field means."""

    version: int
    device_id: str
    rtsp_url: str
    rtsp_transport: str
    snapshot_interval_seconds: float
    jpeg_quality: int
    max_width: int
    stale_after_seconds: float
    history_size: int
    decode: str
    api_keys: tuple[ApiKey, ...]
    cors_origins: tuple[str, ...]
    control_url: str | None
    device_token_file: str
    checkin_interval_seconds: float
    thresholds: Thresholds
    self_healing: SelfHealing
    log_level: str

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> Config:
        """Check `document` and read it. Raises ConfigError with every fault."""
        faults = check(document)
        if faults:
            raise ConfigError(faults)
        values = _with_defaults(document, schema()["properties"])
        values.setdefault("stale_after_seconds", 3 * values["snapshot_interval_seconds"])
        values["api_keys"] = tuple(_api_key(entry) for entry in values["api_keys"])
        values["cors_origins"] = tuple(values["cors_origins"])
        values["thresholds"] = Thresholds(**values["thresholds"])
        values["self_healing"] = SelfHealing(**values["self_healing"])
        return cls(**{field.name: values.get(field.name) for field in fields(cls)})  # type: ignore[arg-type]  # the schema guarantees the types


@cache
def schema() -> dict[str, Any]:
    """The one list of settings there is."""
    document: dict[str, Any] = json.loads(SCHEMA_FILE.read_bytes())
    return document


def check(document: Any) -> list[Fault]:
    """Every fault of `document`, by path. An empty list means it is valid."""
    validator = Draft202012Validator(schema())
    faults = [Fault(error.json_path, _without_value(error)) for error in validator.iter_errors(document)]
    return sorted(faults or _meaning_faults(document), key=str)


def content_hash(document: dict[str, Any]) -> str:
    """SHA-256 of what a configuration says, apart from its `version`: equal content, equal hash."""
    content = {key: value for key, value in document.items() if key != "version"}
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _without_value(error: Any) -> str:
    """The validator's message, without quoting a value that may hold a password or a key in clear."""
    setting = next(iter(error.absolute_path), None)
    if setting == "rtsp_url":
        return "is not a valid rtsp:// or rtsps:// address (host needed; no spaces)"
    secret = setting in _NEVER_QUOTED or "://" in str(error.instance)  # an address may hold a password
    if secret and error.validator not in ("additionalProperties", "required"):
        return f"does not fit the schema's {error.validator}: {error.validator_value}"
    return str(error.message)


def _meaning_faults(document: dict[str, Any]) -> list[Fault]:
    """What a schema cannot say: relations between settings, and dates that exist."""
    faults = []
    interval = document.get("snapshot_interval_seconds", schema()["properties"]["snapshot_interval_seconds"]["default"])
    stale_after = document.get("stale_after_seconds")
    if stale_after is not None and stale_after < interval:
        faults.append(
            Fault(
                "$.stale_after_seconds",
                f"is {stale_after}, less than snapshot_interval_seconds ({interval}): "
                "every picture would be stale before the next",
            )
        )
    names = [key["name"] for key in document.get("api_keys", [])]
    for index, key in enumerate(document.get("api_keys", [])):
        if names.index(key["name"]) != index:
            faults.append(
                Fault(
                    f"$.api_keys[{index}].name", f"{key['name']!r} is used twice: metrics could not tell the two apart"
                )
            )
        if "expires_at" in key and _parse_time(key["expires_at"]) is None:
            faults.append(Fault(f"$.api_keys[{index}].expires_at", f"{key['expires_at']!r} is not a date that exists"))
    return faults


def _with_defaults(document: dict[str, Any], properties: dict[str, Any]) -> dict[str, Any]:
    values = {name: spec["default"] for name, spec in properties.items() if "default" in spec} | document
    for name, spec in properties.items():
        if spec.get("type") == "object":
            values[name] = _with_defaults(values[name], spec["properties"])
        elif spec.get("type") == "integer":
            values[name] = int(values[name])  # JSON Schema takes 20.0 for an integer, Python does not
    return values


def _parse_time(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text.upper().replace("Z", "+00:00"))
    except ValueError:
        return None


def _api_key(entry: dict[str, Any]) -> ApiKey:
    return ApiKey(entry["name"], entry["sha256"], _parse_time(entry["expires_at"]) if "expires_at" in entry else None)
