"""Which passwords are refused: what is short, what is tried first, and what anybody knows of the person (as NIST SP
800-63B advises). There are no rules about kinds of characters: they make passwords that are hard to remember and easy
to guess."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from control_ui.services.people.passwords import LONGEST

SHORTEST = 12
_FEWEST_DIFFERENT = 5
_SHORTEST_WORD = 4
_SEQUENCES = (
    "01234567890123456789",
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiopasdfghjklzxcvbnm",
    "qazwsxedcrfvtgbyhnujmikolp",
)
_LEET = str.maketrans("013457@$!", "oieastasi")
_COMMON = frozenset(Path(__file__).with_name("common_passwords.txt").read_text(encoding="ascii").split())
"""What is left of the passwords that are tried first when the digits and signs around them are gone."""


def weaknesses(password: str, about: Iterable[str]) -> list[str]:
    """Why this password is refused, each reason a sentence to go after "the password"; none where it will do.

    `about` is what is known of its owner: e-mail address, name, tenant.
    """
    if len(password) < SHORTEST:
        return [f"must have at least {SHORTEST} characters: a few words that do not belong together are easy to keep"]
    if len(password) > LONGEST:
        return [f"must have at most {LONGEST} characters"]
    lower = password.lower()
    found = []
    if len(set(lower)) < _FEWEST_DIFFERENT:
        found.append(f"must have at least {_FEWEST_DIFFERENT} different characters")
    if _is_sequence(lower):
        found.append("must not be a row of the alphabet, of digits or of the keyboard")
    if _is_common(lower):
        found.append("is one of those that are tried first: a common word with digits or signs around it")
    known = next((word for word in _words(about) if word in lower), None)
    if known is not None:
        found.append(f"must not contain {known!r}: everybody knows that of you")
    return found


def _is_sequence(lower: str) -> bool:
    return any(lower in row + row or lower in (row + row)[::-1] for row in _SEQUENCES)


def _is_common(lower: str) -> bool:
    """A common word, or one repeated, with anything but letters around it, or with signs for some of its letters."""
    forms = {re.sub(r"[^a-z]", "", lower), re.sub(r"[^a-z]", "", lower.translate(_LEET))}
    forms |= {_stripped(lower).translate(_LEET)}
    return any(_once(form) in _COMMON for form in forms)


def _stripped(lower: str) -> str:
    return re.sub(r"^[^a-z]+|[^a-z]+$", "", lower)


def _once(form: str) -> str:
    """`hunterhunter` is `hunter`."""
    repeated = re.fullmatch(r"(.+?)\1+", form)
    return repeated[1] if repeated else form


def _words(about: Iterable[str]) -> Iterable[str]:
    """`ada.lovelace@example.com` and `Ada Lovelace`: the address, what is before its @, and every longer word."""
    for text in about:
        whole = text.lower().strip()
        for word in (whole, whole.partition("@")[0], *re.split(r"[^\w]+", whole.partition("@")[0])):
            if len(word) >= _SHORTEST_WORD:
                yield word
