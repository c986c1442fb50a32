"""Which passwords are refused, and why."""

from __future__ import annotations

import pytest

from control_ui.services.people.password_rules import weaknesses

ABOUT = ["ada.lovelace@example.com", "Ada King", "Clean Cars", "clean-cars"]


@pytest.mark.parametrize(
    "password",
    ["wednesday green otter", "correct horse battery", "8d2js-z7u74-55gmf", "Ünïcödé is fine", "x" * 200 + "abcde"],
)
def test_what_nobody_would_guess_will_do(password: str) -> None:
    assert weaknesses(password, ABOUT) == []


@pytest.mark.parametrize(("password", "words"), [("elevenchars", "at least 12"), ("abcde" * 52, "at most 256")])
def test_the_length_is_bounded(password: str, words: str) -> None:
    (reason,) = weaknesses(password, ABOUT)
    assert words in reason


@pytest.mark.parametrize("length", [12, 256])
def test_the_bounds_themselves_are_allowed(length: int) -> None:
    assert weaknesses(("kettle orbit mango " * 20)[:length], ABOUT) == []


@pytest.mark.parametrize("password", ["aaaaaaaaaaaa", "abababababab", "111122223333"])
def test_a_few_characters_over_and_over_are_refused(password: str) -> None:
    assert any("different characters" in reason for reason in weaknesses(password, ABOUT))


@pytest.mark.parametrize(
    "password", ["123456789012", "098765432109", "abcdefghijklm", "qwertyuiopasd", "QWERTYUIOPas", "mlkjihgfedcb"]
)
def test_rows_of_the_alphabet_and_the_keyboard_are_refused(password: str) -> None:
    assert any("row of the alphabet" in reason for reason in weaknesses(password, ABOUT))


@pytest.mark.parametrize(
    "password",
    [
        "password1234",
        "Password2024!!",
        "P@ssw0rd1234",
        "!!!!Welcome2026",
        "letmeinletmein",
        "carwash-2026",
        "C4rw4sh!2026",
    ],
)
def test_common_words_in_disguise_are_refused(password: str) -> None:
    assert any("tried first" in reason for reason in weaknesses(password, ABOUT))


@pytest.mark.parametrize(
    ("password", "known"),
    [
        ("ada.lovelace@example.com", "ada.lovelace@example.com"),
        ("my-Lovelace-otter", "lovelace"),
        ("the clean cars otter", "clean cars"),
        ("otter at clean-cars", "clean"),
    ],
)
def test_what_everybody_knows_of_you_is_refused(password: str, known: str) -> None:
    assert any(repr(known) in reason for reason in weaknesses(password, ABOUT))


def test_every_reason_is_given_at_once() -> None:
    assert len(weaknesses("passwordpassword", ["password@example.com"])) == 2


def test_a_short_name_forbids_nothing() -> None:
    assert weaknesses("wednesday green otter", ["we@example.com", "Wed"]) == []
