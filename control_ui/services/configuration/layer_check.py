"""What is checked of a template's body, an overlay or an override before it is kept: names, types that can be known,
expressions, and that no credential is in it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from jsonschema.exceptions import ValidationError

from control_ui.models.devices import Environment
from control_ui.services.configuration import expressions, schema
from control_ui.services.configuration.language import ExpressionError, is_portable
from control_ui.services.configuration.schema_faults import faults_of, path_of, type_words
from control_ui.services.errors import Fault, InvalidError
from control_ui.services.redaction import MASK, holds_credentials

LARGEST_LAYER_BYTES = 64 * 1024
DEEPEST = 6
CREDENTIALS = (
    "holds a password or token in clear: put it into the device's camera_password (and camera_user), where it is kept"
    " encrypted, and write {{ camera.url }} here"
)
MASKED = f"holds {MASK}, which stands for a password that is not shown: write {{{{ camera.url }}}} here"
_TAKES = {  # a setting of this type -> what an expression may give for it
    "number": {"number", "integer"},
    "integer": {"integer", "number"},  # 20.0 is a whole number to JSON Schema
    "string": {"string"},
    "boolean": {"boolean"},
    "array": {"array"},
    "object": {"object"},
}
Path = tuple[str | int, ...]


def require_layers(layers: dict[str, Any]) -> None:
    """Check layers by the path they were given under (`{"$.body": {...}}`). Raises InvalidError with every fault."""
    faults = [fault for path, settings in layers.items() for fault in layer_faults(settings, path)]
    if faults:
        raise InvalidError("these settings cannot be taken", faults)


def overlay_layers(overlays: dict[str, Any], path: str) -> dict[str, Any]:
    """Overlays by path, for `require_layers`. Raises InvalidError where one is for no environment there is."""
    faults = [
        Fault(path_of([name], path), f"is not an environment: {', '.join(Environment)}")
        for name in overlays
        if name not in set(Environment)
    ]
    if faults:
        raise InvalidError("these overlays cannot be taken", faults)
    return {f"{path}.{name}": settings for name, settings in overlays.items()}


def layer_faults(settings: Any, root: str) -> list[Fault]:
    """Every fault of one layer, by path beneath `root`. No text of it is quoted."""
    if not isinstance(settings, dict):
        return [Fault(root, "must be an object of settings")]
    faults = list(_form_faults(settings, (), root))
    if not faults and len(json.dumps(settings)) > LARGEST_LAYER_BYTES:
        faults = [Fault(root, f"is larger than {LARGEST_LAYER_BYTES} bytes")]
    return faults or [
        *_system_faults(settings, root),
        *_text_faults(settings, root),
        *_schema_faults(settings, root),
    ]


def _form_faults(value: Any, path: Path, root: str) -> Iterator[Fault]:
    """What no database or JSON reader would take."""
    if len(path) > DEEPEST:
        yield Fault(path_of(path, root), f"is nested more than {DEEPEST} levels deep")
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from (Fault(path_of(path, root), fault) for fault in _unusable(name))
            yield from _form_faults(item, (*path, name), root)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _form_faults(item, (*path, index), root)
    elif isinstance(value, str):
        yield from (Fault(path_of(path, root), fault) for fault in _unusable(value))
    elif isinstance(value, int | float) and not is_portable(value):
        yield Fault(path_of(path, root), "must be a finite number up to 2^53")


def _unusable(text: str) -> Iterator[str]:
    if "\x00" in text or any("\ud800" <= character <= "\udfff" for character in text):
        yield "holds a character that is none (null, or half of a surrogate pair)"


def _system_faults(settings: dict[str, Any], root: str) -> Iterator[Fault]:
    for name in schema.SET_BY_SYSTEM:
        if name in settings:
            yield Fault(path_of([name], root), "is set by the system: leave it out")
    if "rtsp_url" in settings and settings["rtsp_url"] is None:
        yield Fault(
            path_of(["rtsp_url"], root), "cannot be taken away: leave it out, and it comes from the device's camera"
        )


def _text_faults(settings: dict[str, Any], root: str) -> Iterator[Fault]:
    """Expressions that cannot be understood, and credentials, in values and in names."""
    for path, text in _texts(settings, ()):
        here = path_of(path, root)
        try:
            parsed = expressions.parse(text)
        except ExpressionError as error:
            yield Fault(here, CREDENTIALS if holds_credentials(text) else str(error))
            continue
        if holds_credentials(text) or holds_credentials(parsed.spelled_out):
            yield Fault(here, CREDENTIALS)
        elif parsed.holds_camera_url and path != ("rtsp_url",):
            yield Fault(here, "holds camera.url, and with it the camera's password: that belongs in rtsp_url only")
        elif MASK in text:
            yield Fault(
                here, f"holds {MASK}, as it stands for a password that is not shown: write {{{{ camera.url }}}}"
            )


def _texts(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _texts(item, (*path, index))
    elif isinstance(value, dict):
        for name, item in value.items():
            if holds_credentials(name):
                yield (*path, name), name
            yield from _texts(item, (*path, name))


def _schema_faults(settings: dict[str, Any], root: str) -> list[Fault]:
    """What the schema says, but for what an expression will give and for what null takes away."""
    given = {name: value for name, value in _without_nulls(settings).items() if name not in schema.SET_BY_SYSTEM}
    plain: list[ValidationError] = []
    faults: list[Fault] = []
    for error in schema.layer_validator().iter_errors(given):
        if isinstance(error.instance, str) and _is_no_plain_text(error.instance):
            faults += _wrong_type(error, root)
        else:
            plain.append(error)
    return [*faults_of(plain, root), *faults]


def _without_nulls(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return {name: _without_nulls(item) for name, item in value.items() if item is not None}


def _is_no_plain_text(text: str) -> bool:
    """An expression, whose value nobody knows yet, or what was meant as one and is a fault already."""
    try:
        return expressions.parse(text).is_template
    except ExpressionError:
        return True


def _wrong_type(error: ValidationError, root: str) -> Iterator[Fault]:
    """Where the type of what an expression gives is known, and is not the setting's."""
    wanted = str(error.validator_value)
    try:
        given = expressions.parse(str(error.instance)).kind
    except ExpressionError:
        return
    if error.validator == "type" and given is not None and given not in _TAKES[wanted]:
        words = f"must be {type_words(wanted)}, and this expression gives {type_words(given)}"
        yield Fault(path_of(error.absolute_path, root), words)
