"""What must not be stored is not."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest

from control_ui.services.runs.masking import REPLACEMENT, Masker

PASSWORD = 'p"ä/ss wörd'


@pytest.mark.parametrize(
    "written",
    [
        PASSWORD,
        quote(PASSWORD),
        quote(PASSWORD, safe=""),
        json.dumps(PASSWORD)[1:-1],
        json.dumps({"nested": [PASSWORD]}),
    ],
)
def test_a_camera_password_is_masked_however_it_is_written(written: str) -> None:
    cleaned = json.dumps(Masker([PASSWORD, "another-one"]).clean({"stdout": f"before {written} after"}))
    assert "***" in cleaned
    assert json.dumps(written)[1:-1] not in cleaned
    assert cleaned.startswith('{"stdout": "before ')


def test_it_is_masked_in_every_place_of_an_event() -> None:
    event: dict[str, Any] = {
        "task": f"Use {PASSWORD}",
        "result": {"list": [{"msg": PASSWORD}]},
        "diff": [{"after": f"x{PASSWORD}x"}],
    }
    assert Masker([PASSWORD]).clean(event) == {
        "task": "Use ***",
        "result": {"list": [{"msg": "***"}]},
        "diff": [{"after": "x***x"}],
    }


def test_credentials_that_nobody_told_of_are_masked_by_their_form() -> None:
    cleaned = Masker([]).clean({"stdout": "rtsp://viewer:hunter22@192.0.2.10/", "password": "hunter22"})
    assert cleaned == {"stdout": "rtsp://viewer:***@192.0.2.10/", "password": "***"}


def test_a_password_too_short_to_be_told_from_words_is_left_to_the_forms() -> None:
    assert Masker(["abc"]).clean("abcdef rtsp://viewer:abc@x/") == "abcdef rtsp://viewer:***@x/"


def test_characters_that_postgresql_refuses_are_replaced() -> None:
    cleaned = Masker([]).clean({"a\x00b": ["\ud800x", {"plain": 1, "none": None}]})
    assert cleaned == {f"a{REPLACEMENT}b": [f"{REPLACEMENT}x", {"plain": 1, "none": None}]}
    assert Masker([]).clean("both halves of \U0001f600 belong together") == "both halves of \U0001f600 belong together"
