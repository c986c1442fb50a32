"""Label queries, in the grammar of Kubernetes' selectors: `ring=canary,region in (west,south),camera,!axis`.

Some keys mean what every device has (KEYS); any other is a free label. `!=` and `notin` also find devices without the
label. A value with spaces stands in double quotes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NoReturn

import sqlalchemy as sa

from control_ui.models import ConfigTemplate, Device, DeviceState, Site
from control_ui.models.devices import DeviceStatus, Environment
from control_ui.models.scope import ScopedSession
from control_ui.services.devices.loading import LEAN
from control_ui.services.errors import Fault, InvalidError

LONGEST = 1000
MOST_REQUIREMENTS = 20
LONGEST_WORD = 200
_TOKEN = re.compile(r'\s*(?:"(?P<quoted>[^"\x00]*)"|(?P<word>[^\s,()=!"\x00]+)|(?P<sign>!=|==|=|!|,|\(|\)))')
_LABEL = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_./-]{0,61}[A-Za-z0-9])?")


class Operator(StrEnum):
    IN = "in"
    NOT_IN = "notin"
    EXISTS = "exists"
    ABSENT = "absent"


@dataclass(frozen=True)
class Requirement:
    """One condition. All of a selector's hold together."""

    key: str
    operator: Operator
    values: tuple[str, ...] = ()


Selector = tuple[Requirement, ...]


def parse(text: str) -> Selector:
    """Raises InvalidError with what is wrong at which character. An empty text selects every device."""
    if len(text) > LONGEST:
        raise _invalid(f"it is longer than {LONGEST} characters")
    reader = _Reader(text)
    requirements: list[Requirement] = []
    while not reader.at_end():
        requirements.append(reader.requirement())
        if reader.at_end():
            break
        reader.take(",")
        if reader.at_end():
            reader.fail("another condition must follow the comma")
    if len(requirements) > MOST_REQUIREMENTS:
        raise _invalid(f"it has more than {MOST_REQUIREMENTS} conditions")
    return tuple(requirements)


def where(selector: Selector) -> sa.ColumnElement[bool]:
    """The condition on `Device` that a SELECT, UPDATE or DELETE of devices takes."""
    return sa.and_(sa.true(), *(_condition(requirement) for requirement in selector))


def matching(session: ScopedSession, selector: Selector) -> list[Device]:
    """The devices of this scope that it selects, by name."""
    query = sa.select(Device).where(where(selector)).order_by(Device.name, Device.id).options(*LEAN)
    return list(session.scalars(query).unique())


class _Reader:
    """Goes through a text from token to token."""

    def __init__(self, text: str) -> None:
        self._text = text.rstrip()
        self._at = 0

    def at_end(self) -> bool:
        return self._at >= len(self._text)

    def requirement(self) -> Requirement:
        if self._next("sign", "!"):
            return Requirement(self._key(), Operator.ABSENT)
        key = self._key()
        if self._next("sign", "!="):
            return self._checked(Requirement(key, Operator.NOT_IN, (self._value(),)))
        if self._next("sign", "==") or self._next("sign", "="):
            return self._checked(Requirement(key, Operator.IN, (self._value(),)))
        for operator in (Operator.IN, Operator.NOT_IN):
            if self._next("word", operator):
                return self._checked(Requirement(key, operator, self._values()))
        return Requirement(key, Operator.EXISTS)

    def take(self, sign: str) -> None:
        if not self._next("sign", sign):
            self.fail(f"{sign!r} is expected (a value with spaces stands in double quotes)")

    def fail(self, what: str) -> NoReturn:
        raise _invalid(f"{what}, at character {self._at + 1}")

    def _next(self, kind: str, content: str) -> bool:
        """Step over a token if it is this one."""
        found = _TOKEN.match(self._text, self._at)
        if found is None or found[kind] != content:
            return False
        self._at = found.end()
        return True

    def _key(self) -> str:
        found = _TOKEN.match(self._text, self._at)
        if found is None or not found["word"] or (found["word"] not in KEYS and not _LABEL.fullmatch(found["word"])):
            self.fail("the name of a label is expected (letters, digits, '.', '_', '-', '/')")
        self._at = found.end()
        return str(found["word"])

    def _value(self) -> str:
        found = _TOKEN.match(self._text, self._at)
        value = None if found is None else found["quoted"] if found["quoted"] is not None else found["word"]
        if found is None or value is None or len(value) > LONGEST_WORD:
            self.fail(f"a value is expected, of {LONGEST_WORD} characters at most")
        self._at = found.end()
        return str(value)

    def _values(self) -> tuple[str, ...]:
        self.take("(")
        values = [self._value()]
        while self._next("sign", ","):
            values.append(self._value())
        self.take(")")
        return tuple(values)

    def _checked(self, requirement: Requirement) -> Requirement:
        """A status that does not exist would silently select nothing."""
        words = _WORDS.get(requirement.key)
        for value in requirement.values:
            if words is not None and value not in words:
                self.fail(f"there is no {requirement.key} {value!r}; there is {', '.join(words)}")
        return requirement


def _invalid(what: str) -> InvalidError:
    return InvalidError(f"the query is not valid: {what}", [Fault("$.query", what)])


def _condition(requirement: Requirement) -> sa.ColumnElement[bool]:
    value = _value_of(requirement.key)
    present = sa.and_(value.is_not(None), value != "")
    if requirement.operator == Operator.IN:
        return value.in_(requirement.values)
    if requirement.operator == Operator.NOT_IN:
        return sa.or_(value.is_(None), value.not_in(requirement.values))
    return present if requirement.operator == Operator.EXISTS else sa.not_(present)


def _value_of(key: str) -> sa.ColumnElement[Any]:
    """The text that a key stands for. Enumerations are taken as the text they are kept as."""
    if key in _OWN:
        return sa.type_coerce(_OWN[key], sa.String)
    if key in _ELSEWHERE:
        column, link = _ELSEWHERE[key]
        return sa.type_coerce(sa.select(column).where(link).scalar_subquery(), sa.String)
    label: sa.ColumnElement[Any] = Device.labels[key].as_string()
    return label


_OWN: dict[str, Any] = {
    "name": Device.name,
    "ring": Device.ring,
    "hardware": Device.hardware,
    "environment": Device.environment,
}
_ELSEWHERE: dict[str, tuple[Any, sa.ColumnElement[bool]]] = {
    "site": (Site.name, Site.id == Device.site_id),
    "region": (Site.region, Site.id == Device.site_id),
    "status": (DeviceState.status, DeviceState.device_id == Device.id),
    "template": (ConfigTemplate.name, ConfigTemplate.id == Device.template_id),
}
_WORDS = {"status": [word.value for word in DeviceStatus], "environment": [word.value for word in Environment]}
KEYS = frozenset({*_OWN, *_ELSEWHERE})
"""What every device has; no free label takes one of these names."""
