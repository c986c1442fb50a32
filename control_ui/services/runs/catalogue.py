"""Which playbooks may be run from here, and which variables each takes.

A playbook is on the list when `playbooks/<name>.schema.json` lies beside it: a JSON Schema of its variables whose
`x-carwash` says whether it changes anything (`mutates`), whether it knows check mode (`supports_check`), and whether
it may be cut in slices that run at the same time (`slices`; a playbook that goes from ring to ring may not).
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError, ValidationError

from control_ui.services.errors import Fault, InvalidError, NotFoundError, UnavailableError
from control_ui.services.redaction import MASK, redact
from control_ui.settings import REPOSITORY

_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_SUFFIX = ".schema.json"
_LONGEST_MESSAGE = 300

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Playbook:
    """One playbook of the list; `schema` is that of its variables."""

    name: str
    title: str
    description: str
    mutates: bool
    supports_check: bool
    slices: bool
    schema: dict[str, Any]

    def check_variables(self, variables: dict[str, Any]) -> None:
        """Raises InvalidError with every fault by its path. Credentials are refused: variables are stored and shown."""
        faults = [Fault(path, "must not hold credentials") for path in _credentials(variables, "$.variables")]
        if not faults:
            found = Draft202012Validator(self.schema).iter_errors(variables)
            faults = [Fault(_path(error), error.message[:_LONGEST_MESSAGE]) for error in found]
        if faults:
            raise InvalidError(f"these variables do not fit the playbook {self.name!r}", faults)


class Catalogue:
    """The playbooks of one checkout: of this one, unless `load` names another."""

    def __init__(self, repository: Path = REPOSITORY) -> None:
        self.repository = repository

    def load(self, repository: Path) -> None:
        """Take the playbooks from this checkout. Read anew each time: what lies there is what would be run."""
        self.repository = repository

    def tell_faults(self) -> None:
        """Log which playbooks cannot be run, for whoever starts this: the rest works without them."""
        for file in self._files():
            try:
                _read(file)
            except UnavailableError as error:
                log.error("%s; it cannot be run until this is mended", error.detail)

    def all(self) -> list[Playbook]:
        """Every playbook of the list, by name. Raises UnavailableError where a schema cannot be read."""
        return [_read(file) for file in self._files()]

    def find(self, name: str) -> Playbook:
        """Raises NotFoundError, UnavailableError."""
        file = self.repository / "playbooks" / f"{name}{_SUFFIX}"
        if not _NAME.fullmatch(name) or not file.is_file() or not file.with_name(f"{name}.yml").is_file():
            raise NotFoundError(f"there is no playbook {name!r} that may be run from here; GET /api/playbooks has them")
        return _read(file)

    def _files(self) -> list[Path]:
        """The schemas that have a playbook beside them."""
        files = sorted((self.repository / "playbooks").glob(f"*{_SUFFIX}"))
        return [file for file in files if file.with_name(_name(file) + ".yml").is_file()]


catalogue = Catalogue()
"""Of this process, as the keyring is: services are handed no settings."""


def _name(file: Path) -> str:
    return file.name.removesuffix(_SUFFIX)


def _read(file: Path) -> Playbook:
    try:
        schema = json.loads(file.read_text(encoding="utf-8"))
        Draft202012Validator.check_schema(schema)
        notes = schema["x-carwash"]
        mutates, supports_check = bool(notes["mutates"]), bool(notes["supports_check"])
    except (OSError, ValueError, KeyError, TypeError, SchemaError) as error:
        raise UnavailableError(f"{file.name} does not describe its playbook: {error!r}"[:_LONGEST_MESSAGE]) from error
    return Playbook(
        name=_name(file),
        title=str(schema.get("title", _name(file))),
        description=str(schema.get("description", "")),
        mutates=mutates,
        supports_check=supports_check,
        slices=bool(notes.get("slices", False)),
        schema=schema,
    )


def _credentials(value: Any, path: str) -> Iterator[str]:
    """Where in a JSON value something would be masked if it were shown."""
    if isinstance(value, dict):
        for name, item in value.items():
            masked = redact({str(name): item})[str(name)]
            if isinstance(item, str) and masked != item and item != MASK:
                yield f"{path}.{name}"
            yield from _credentials(item, f"{path}.{name}") if not isinstance(item, str) else ()
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _credentials(item, f"{path}[{index}]")
    elif isinstance(value, str) and redact(value) != value:
        yield path


def _path(error: ValidationError) -> str:
    return "$.variables" + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in error.absolute_path)
