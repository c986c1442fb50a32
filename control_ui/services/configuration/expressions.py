"""Texts with `{{ expressions }}` over the facts of a device, worked out by sandboxed Jinja2.

A text that is one expression and nothing else gives that expression's value, with its type: `{{ camera.port }}` is a
number. Anything else gives text. A value of none takes the setting away.

Nothing here can eat the process: texts, numbers and results are bounded, and `language.py` admits nothing that
repeats.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache, wraps
from typing import Any

from jinja2 import StrictUndefined, TemplateSyntaxError, Undefined, nodes
from jinja2.environment import TemplateExpression
from jinja2.exceptions import TemplateRuntimeError, UndefinedError
from jinja2.filters import do_default, do_float, do_int, do_trim, do_urlencode
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.tests import test_defined, test_none, test_undefined

from control_ui.services.configuration import language
from control_ui.services.configuration.facts import CAMERA_URL, Facts
from control_ui.services.configuration.language import TOO_LARGE, ExpressionError, is_portable

LONGEST_TEXT = 2048
"""Of a template, and of what it gives; no setting takes more."""
MOST_DIGITS = 10
TOO_LONG = f"gives a text of more than {LONGEST_TEXT} characters"


class _Environment(ImmutableSandboxedEnvironment):
    """Looks up facts, and nothing else: no attribute of any Python object is ever touched."""

    intercepted_binops = frozenset({"+", "-", "*", "/", "//", "%"})

    def getattr(self, obj: Any, attribute: str) -> Any:
        return self.getitem(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        if not isinstance(obj, Facts):
            raise ExpressionError("looks into something that is one value")
        return obj[argument] if argument in obj else self.undefined(obj.why_missing(argument))

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        joins = operator == "+" and type(left) is type(right) and isinstance(left, str | list)
        if not joins and not (_is_number(left) and _is_number(right)):
            raise ExpressionError(f"uses {operator} on values it is not for")
        return _bounded(super().call_binop(context, operator, left, right))


@dataclass(frozen=True)
class Parsed:
    """A text, understood. `kind`: the type of what it gives, as JSON Schema names it, None where it depends."""

    parts: tuple[str | TemplateExpression, ...]
    kind: str | None
    holds_camera_url: bool
    spelled_out: str
    """For the search for credentials; see language.spelled_out."""

    @property
    def is_template(self) -> bool:
        return any(not isinstance(part, str) for part in self.parts)


@lru_cache(maxsize=1024)
def parse(text: str) -> Parsed:
    """Raises ExpressionError."""
    if len(text) > LONGEST_TEXT:
        raise ExpressionError(f"must have at most {LONGEST_TEXT} characters")
    found = _output_nodes(text)
    for node in found:
        language.check(node)
    return Parsed(
        tuple(node.data if isinstance(node, nodes.TemplateData) else _compiled(node) for node in found),
        language.kind_of(found[0]) if len(found) == 1 else "string",
        any(language.fact_of(node) == CAMERA_URL for node in found),
        "".join(map(language.spelled_out, found)),
    )


def evaluate(parsed: Parsed, facts: Mapping[str, Facts]) -> Any:
    """The value; raises ExpressionError."""
    values = [part if isinstance(part, str) else _value(part, facts) for part in parsed.parts]
    if len(values) == 1:
        return values[0]
    if any(value is None or isinstance(value, list | dict) for value in values):
        raise ExpressionError("puts a list, an object or none into a text: only text, numbers and true or false fit")
    return _bounded("".join(map(str, values)))


def _output_nodes(text: str) -> list[nodes.Expr]:
    try:
        template = _ENVIRONMENT.parse(text)
    except (TemplateSyntaxError, RecursionError) as error:
        raise ExpressionError(
            "is no valid Jinja2 expression: look at its {{ braces }}, quotes, parentheses and operators"
        ) from error
    if any(not isinstance(node, nodes.Output) for node in template.body):
        raise ExpressionError("holds a statement: only {{ expressions }} are allowed, no {% statements %}")
    return [node for output in template.body if isinstance(output, nodes.Output) for node in output.nodes]


def _compiled(node: nodes.Expr) -> TemplateExpression:
    """As Environment.compile_expression does it, from the node that was checked."""
    assignment = nodes.Assign(nodes.Name("result", "store"), node, lineno=1)
    template = _ENVIRONMENT.from_string(nodes.Template([assignment], lineno=1))
    return TemplateExpression(template, undefined_to_none=False)


def _value(expression: TemplateExpression, facts: Mapping[str, Facts]) -> Any:
    try:
        value = expression(facts)
        if isinstance(value, Undefined):
            value._fail_with_undefined_error()
    except UndefinedError as error:
        raise ExpressionError(error.message or "gives nothing: use default(...) or an else") from error
    except (TemplateRuntimeError, ArithmeticError, TypeError, ValueError) as error:
        if isinstance(error, ExpressionError):
            raise
        raise ExpressionError(
            "cannot be worked out: a filter or an operator does not fit its values, or a number is divided by zero"
        ) from error
    return _bounded(value)


def _bounded(value: Any) -> Any:
    """The value as JSON has it; raises ExpressionError where it is too much."""
    if isinstance(value, str) and len(value) > LONGEST_TEXT:
        raise ExpressionError(TOO_LONG)
    if _is_number(value) and not is_portable(value):
        raise ExpressionError(TOO_LARGE)
    if isinstance(value, list | tuple):
        return [_bounded(item) for item in value]
    if isinstance(value, dict):
        return {str(key): _bounded(item) for key, item in value.items()}
    return value


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _bounding(work: Callable[..., Any]) -> Callable[..., Any]:
    """The filter, with a bounded result. Only `default` knows what to do with a fact that is missing."""

    @wraps(work)
    def bounded(value: Any, *arguments: Any, **named: Any) -> Any:
        if isinstance(value, Undefined) and work is not do_default:
            value._fail_with_undefined_error()
        return _bounded(work(value, *arguments, **named))

    return bounded


def _round(value: float, digits: int = 0) -> float:
    if not 0 <= digits <= MOST_DIGITS:
        raise ExpressionError(f"rounds to more than {MOST_DIGITS} digits, or fewer than none")
    return round(value, digits) if digits else round(value)


def _replace(value: Any, old: str, new: str) -> str:
    text = str(value)
    if len(text) + text.count(old) * len(new) > 2 * LONGEST_TEXT:
        raise ExpressionError(TOO_LONG)
    return text.replace(old, new)


def _environment() -> _Environment:
    environment = _Environment(
        undefined=StrictUndefined, keep_trailing_newline=True, optimized=False, autoescape=False, cache_size=0
    )
    environment.globals.clear()
    environment.tests = {"defined": test_defined, "undefined": test_undefined, "none": test_none}
    filters: dict[str, Callable[..., Any]] = {
        "default": do_default,
        "d": do_default,
        "int": do_int,
        "float": do_float,
        "round": _round,
        "lower": lambda value: str(value).lower(),
        "upper": lambda value: str(value).upper(),
        "trim": do_trim,
        "replace": _replace,
        "string": str,
        "urlencode": do_urlencode,
    }
    environment.filters = {name: _bounding(work) for name, work in filters.items()}
    return environment


_ENVIRONMENT = _environment()
