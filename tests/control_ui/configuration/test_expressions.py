"""What can be written as `{{ ... }}`, what it gives, and that nothing in it eats the process or leaks."""

from __future__ import annotations

from typing import Any

import pytest

from control_ui.services.configuration.expressions import LONGEST_TEXT, evaluate, parse
from control_ui.services.configuration.facts import Facts
from control_ui.services.configuration.language import ExpressionError

FACTS = {
    "device": Facts(
        "device",
        {
            "name": "wash-1",
            "ring": "canary",
            "labels": Facts("device.labels", {"interval": "30", "items": "a label named as a method"}),
            "api_keys": [{"name": "till", "sha256": "0" * 64}],
        },
    ),
    "site": Facts("site", {"city": "Austin", "latitude": None}),
    "camera": Facts("camera", {"host": "10.0.0.5", "port": 554, "url": "rtsp://u:p@10.0.0.5/"}),
}


def value_of(text: str) -> Any:
    return evaluate(parse(text), FACTS)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("plain", "plain"),
        ("", ""),
        ("{{ camera.port }}", 554),
        ("{{ device.labels.interval | int }}", 30),
        ("{{ device.labels.items }}", "a label named as a method"),
        ("{{ device['name'] }}", "wash-1"),
        ("{{ 4 if device.ring == 'canary' else 12 }}", 4),
        ("{{ device.ring in ['canary', 'early'] }}", True),
        ("{{ device.api_keys + [{'name': 'x'}] }}", [{"name": "till", "sha256": "0" * 64}, {"name": "x"}]),
        ("{{ device.labels.zone | default(7) }}", 7),
        ("{{ 1 if device.labels.zone is defined else 2 }}", 2),
        ("{{ none }}", None),
        ("{{ (7 / 2) | round }}", 4),
        ("{{ (2 / 3) | round(2) }}", 0.67),
        ("{{ site.city | replace('Au', 'Bo') | upper }}", "BOSTIN"),
        ("{{ (1, 2) }}", [1, 2]),
    ],
)
def test_one_expression_alone_keeps_its_type(text: str, value: Any) -> None:
    assert value_of(text) == value
    assert type(value_of(text)) is type(value)


def test_an_expression_among_other_text_becomes_text() -> None:
    assert value_of("http://{{ camera.host }}:{{ camera.port }}/x") == "http://10.0.0.5:554/x"


@pytest.mark.parametrize("text", ["a {{ none }}", "a {{ device.api_keys }}"])
def test_what_is_no_text_does_not_fit_among_text(text: str) -> None:
    with pytest.raises(ExpressionError, match="into a text"):
        value_of(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{% for i in range(9) %}x{% endfor %}", "no {% statements %}"),
        ("{% set a = 1 %}", "no {% statements %}"),
        ("{% include '/etc/passwd' %}", "no {% statements %}"),
        ("{% import 'x' as y %}", "no {% statements %}"),
        ("{{ range(3) }}", "no calls"),
        ("{{ device.name.upper() }}", "no calls"),
        ("{{ ''.__class__ }}", "look-ups in results"),
        ("{{ device.__class__ }}", "a fact that is not there"),
        ("{{ device.name.__class__ }}", "is one value"),
        ("{{ device[device.name] }}", "look-ups in results"),
        ("{{ device.api_keys[0] }}", "look-ups in results"),
        ("{{ device.name[1:] }}", "look-ups in results"),
        ("{{ 9 ** 9 }}", r"not \*\*"),
        ("{{ self }}", "an unknown name"),
        ("{{ cycler }}", "an unknown name"),
        ("{{ camera }}", "a fact that is not there"),
        ("{{ device.labels }}", "device.labels.<name>"),
        ("{{ device.colour }}", "there are device.name"),
        ("{{ device.name | attr('x') }}", "an unknown filter: there are default"),
        ("{{ 1 is divisibleby 3 }}", "an unknown test"),
        ("{{ device.name", "no valid Jinja2"),
        ("{{ 'a }}", "no valid Jinja2"),
    ],
)
def test_what_is_not_admitted_is_refused_when_it_is_written(text: str, words: str) -> None:
    with pytest.raises(ExpressionError, match=words):
        parse(text)


@pytest.mark.parametrize(
    "text",
    [
        "{{ camera.url | upper }}",
        "{{ camera['url'] | replace('@', ' ') }}",
        "{{ camera.url ~ 'x' }}",
        "{{ 1 if camera.url < 'rtsp://viewer:m' else 2 }}",
        "{{ [camera.url] }}",
        "{{ camera.url if device.ring == 'canary' else '' }}",
        "{{ (camera.url, 1) }}",
    ],
)
def test_nothing_can_be_derived_from_the_address_that_holds_the_password(text: str) -> None:
    with pytest.raises(ExpressionError, match=r"works with camera\.url"):
        parse(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{{ 'x' * 1000000000 }}", "values it is not for"),
        ("{{ '%s' % 5 }}", "values it is not for"),
        ("{{ [1] * 1000000000 }}", "values it is not for"),
        ("{{ true + 1 }}", "values it is not for"),
        ("{{ 99999999 * 99999999 * 99999999 }}", "beyond 2^53"),
        ("{{ 'nan' | float }}", "beyond 2^53"),
        ("{{ 1 | round(-1000000000) }}", "digits"),
        ("{{ 1.5 | round(1000000000) }}", "digits"),
        ("{{ 'aaaa' | replace('a', '" + "b" * 900 + "') | replace('b', 'cccc') }}", "more than 2048"),
        ("{{ '" + "a" * 1500 + "' ~ '" + "a" * 10 + "' | replace('a', '" + "b" * 200 + "') }}", "more than 2048"),
        ("{{ 1 / 0 }}", "divided by zero"),
        ("{{ 3 < 'a' }}", "cannot be worked out"),
        ("{{ 5 if false }}", "no else"),
        ("{{ device.labels.zone }}", "device.labels.zone is not known for this device"),
        ("{{ site.latitude | round(1) }}", "site.latitude is not known for this device"),
    ],
)
def test_what_would_be_too_much_or_cannot_be_is_refused_when_it_is_worked_out(text: str, words: str) -> None:
    with pytest.raises(ExpressionError) as error:
        value_of(text)
    assert words in str(error.value)


@pytest.mark.parametrize(
    "text",
    [
        "x" * (LONGEST_TEXT + 1),
        "{{ " + "(" * 900 + "1" + ")" * 900 + " }}",
        "{{ " + "-" * 900 + "1 }}",
        "{{ " + "1+" * 600 + "1 }}",
        "{{ " + "not " * 400 + "1 }}",
        "{{ " + "[" * 900 + "]" * 900 + " }}",
        "{{ 1e999 }}",
        "{{ 0x" + "f" * 1900 + " }}",
    ],
)
def test_what_is_too_long_too_deep_or_too_large_is_refused(text: str) -> None:
    with pytest.raises(ExpressionError):
        parse(text)


def test_a_refusal_quotes_nothing_of_the_text() -> None:
    for text in ("{{ hunter2 }}", "{{ 'hunter2' hunter2 }}", "{{ 'hunter2' | hunter2 }}", "{{ device.hunter2 }}"):
        with pytest.raises(ExpressionError) as error:
            parse(text)
        assert "hunter2" not in str(error.value)
    for text in ("{{ 'hunter2' * 3 }}", "{{ 'hunter2' < 3 }}", "{{ 'hunter2' | round }}"):
        with pytest.raises(ExpressionError) as error:
            value_of(text)
        assert "hunter2" not in str(error.value)
