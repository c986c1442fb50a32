"""What is stored to be shown, or shown, holds no password."""

from __future__ import annotations

import pytest

from control_ui.services.redaction import redact_text

LONG = 2_000_000
"""Characters of a line that somebody made on purpose: gone through more than once, it would not be done in a day."""


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("rtsp://viewer:hunter2@192.0.2.10/live", "rtsp://viewer:***@192.0.2.10/live"),
        ("rtsp://viewer:h@nter@2@192.0.2.10/", "rtsp://viewer:***@192.0.2.10/"),
        ("rtsp://viewer:a/b:c@192.0.2.10:554/", "rtsp://viewer:***@192.0.2.10:554/"),
        ("rtsp://:hunter2@192.0.2.10/", "rtsp://:***@192.0.2.10/"),
        ('"http://a:b@c" and "svn+ssh://d:e@f"', '"http://a:***@c" and "svn+ssh://d:***@f"'),
        (f"rtsp://{'u' * 900}:{'p' * 900}@x/", f"rtsp://{'u' * 900}:***@x/"),
        ("http://192.0.2.10:8080/ asks ops@example.com", "http://192.0.2.10:8080/ asks ops@example.com"),
        ("rtsp://viewer@192.0.2.10/", "rtsp://viewer@192.0.2.10/"),
    ],
)
def test_the_password_in_an_address_is_masked_however_odd_it_is(text: str, shown: str) -> None:
    assert redact_text(text) == redact_text(shown) == shown


@pytest.mark.parametrize("part", ["a://b:", "a.", "a://", "://", "b:", "a://b:c@"])
def test_a_long_line_is_gone_through_only_once(part: str) -> None:
    line = part * (LONG // len(part))
    assert redact_text(line) == ("a://b:***@" if "@" in part else line)
