"""Which expressions may be written: a small part of Jinja2's, checked node by node before anything is compiled.

There are no statements, calls, loops, slices, powers or attributes of Python objects; names are facts, filters and
tests are on lists. So an expression cannot run longer than its own text is long, and what it makes is bounded by
`expressions.py`. `{{ camera.url }}` holds the camera's password: it may only stand for itself, so that nothing can
be derived from it or compared with it.
"""

from __future__ import annotations

from jinja2 import nodes

from control_ui.services.configuration.facts import CAMERA_URL, KINDS, LABELS

DEEPEST = 20
ALLOWED: tuple[type[nodes.Node], ...] = (
    nodes.Const, nodes.TemplateData, nodes.List, nodes.Tuple, nodes.Dict, nodes.Pair, nodes.Keyword,
    nodes.Filter, nodes.Test, nodes.CondExpr, nodes.And, nodes.Or, nodes.Not, nodes.Compare, nodes.Operand,
    nodes.Add, nodes.Sub, nodes.Mul, nodes.Div, nodes.FloorDiv, nodes.Mod, nodes.Neg, nodes.Pos, nodes.Concat,
)  # fmt: skip
FILTER_KINDS = {
    "default": None,
    "d": None,
    "int": "integer",
    "float": "number",
    "round": "number",
    "lower": "string",
    "upper": "string",
    "trim": "string",
    "replace": "string",
    "string": "string",
    "urlencode": "string",
}
"""The filters there are, and the type of what each gives."""
LARGEST_NUMBER = 2**53 - 1
"""Beyond it, JSON readers disagree."""
TOO_LARGE = "gives a number that is not finite or beyond 2^53"
TESTS = frozenset({"defined", "undefined", "none"})
_KINDS_OF_CONSTANTS = {bool: "boolean", int: "integer", float: "number", str: "string"}


class ExpressionError(ValueError):
    """An expression cannot be understood or worked out. The sentence quotes nothing but names of facts and filters."""


def check(node: nodes.Expr) -> None:
    """Raises ExpressionError where `node`, a whole expression, is more than the language admits."""
    if fact_of(node) != CAMERA_URL:
        _check(node, 1)


def is_portable(number: float) -> bool:
    """Whether every JSON reader takes it for the same number."""
    return abs(number) <= LARGEST_NUMBER  # false for what is not a number at all, too


def fact_of(node: nodes.Node) -> tuple[str, ...] | None:
    """`("device", "labels", "zone")` for `device.labels.zone`; None for anything that is no plain look-up."""
    if isinstance(node, nodes.Name):
        return (node.name,)
    if isinstance(node, nodes.Getattr):
        key, inner = node.attr, fact_of(node.node)
    elif isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Const) and isinstance(node.arg.value, str):
        key, inner = node.arg.value, fact_of(node.node)
    else:
        return None
    return None if inner is None else (*inner, key)


def kind_of(node: nodes.Node) -> str | None:
    """The type of what an expression gives, as JSON Schema names it; None where it depends."""
    fact = fact_of(node)
    if fact is not None:
        return "string" if fact[:2] == LABELS else KINDS[fact[0]][fact[1]]
    if isinstance(node, nodes.Const):
        return _KINDS_OF_CONSTANTS.get(type(node.value))
    if isinstance(node, nodes.Filter):
        return FILTER_KINDS[node.name]
    if isinstance(node, nodes.Compare | nodes.Not | nodes.Test):
        return "boolean"
    if isinstance(node, nodes.Concat | nodes.TemplateData):
        return "string"
    return None


def spelled_out(node: nodes.Node) -> str:
    """The texts in a node, one after the other, with `x` for each fact: to look for credentials put together."""
    if isinstance(node, nodes.TemplateData):
        return node.data
    if isinstance(node, nodes.Const):
        return str(node.value)
    if fact_of(node) is not None:
        return "x"
    return "".join(spelled_out(child) for child in node.iter_child_nodes())


def _check(node: nodes.Node, depth: int) -> None:
    if depth > DEEPEST:
        raise ExpressionError(f"is nested more than {DEEPEST} levels deep: write it in simpler terms")
    fact = fact_of(node)
    if fact is not None:
        _check_fact(fact)
        return
    if not isinstance(node, ALLOWED):
        raise ExpressionError(
            "holds what is not allowed here: only facts, constants, operators (not **), conditions and filters are;"
            " no calls, loops, slices or look-ups in results"
        )
    if isinstance(node, nodes.Const) and isinstance(node.value, int | float) and not is_portable(node.value):
        raise ExpressionError(TOO_LARGE)
    if isinstance(node, nodes.Filter) and node.name not in FILTER_KINDS:
        raise ExpressionError(f"uses an unknown filter: there are {', '.join(FILTER_KINDS)}")
    if isinstance(node, nodes.Test) and node.name not in TESTS:
        raise ExpressionError(f"uses an unknown test: there are {', '.join(sorted(TESTS))}")
    for child in node.iter_child_nodes():
        _check(child, depth + 1)


def _check_fact(fact: tuple[str, ...]) -> None:
    group, *names = fact
    if group not in KINDS:
        raise ExpressionError(f"uses an unknown name: facts are in {', '.join(KINDS)}")
    if not names or names[0] not in KINDS[group]:
        known = ", ".join(f"{group}.{name}" for name in KINDS[group])
        raise ExpressionError(f"uses a fact that is not there: there are {known}")
    if len(names) != (2 if fact[:2] == LABELS else 1):
        raise ExpressionError(
            "uses device.labels: write device.labels.<name> for one of them"
            if fact[:2] == LABELS
            else f"looks into {group}.{names[0]}, which is one value"
        )
    if fact == CAMERA_URL:
        raise ExpressionError(
            "works with camera.url, which holds the camera's password: write {{ camera.url }} as it is, or put an"
            " address together from camera.host, camera.port and camera.path"
        )
