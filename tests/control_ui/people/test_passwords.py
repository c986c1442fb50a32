"""Password hashes."""

from __future__ import annotations

import pytest
from argon2 import PasswordHasher, Type, extract_parameters

from control_ui.services.people import password_rules, passwords
from tests.control_ui.people.cast import PASSWORD


def test_a_password_matches_its_hash_and_no_other_does() -> None:
    stored = passwords.hashed(PASSWORD)
    assert PASSWORD not in stored
    assert passwords.matches(stored, PASSWORD)
    assert not passwords.matches(stored, PASSWORD + " ")
    assert passwords.hashed(PASSWORD) != stored, "each has a salt of its own"


def test_hashes_are_argon2id_of_the_recommended_strength(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "_hasher", PasswordHasher())
    parameters = extract_parameters(passwords.hashed(PASSWORD))
    assert parameters.type is Type.ID
    assert (parameters.memory_cost, parameters.time_cost) >= (64 * 1024, 3), "RFC 9106, second recommendation"


def test_a_hash_of_other_parameters_is_outdated(monkeypatch: pytest.MonkeyPatch) -> None:
    old = passwords.hashed(PASSWORD)
    assert not passwords.is_outdated(old)
    monkeypatch.setattr(passwords, "_hasher", PasswordHasher(time_cost=2, memory_cost=16, parallelism=1))
    assert passwords.is_outdated(old)
    assert passwords.matches(old, PASSWORD), "it is still good for signing in"


def test_nobodys_password_is_hashed_too_and_never_matches(monkeypatch: pytest.MonkeyPatch) -> None:
    hashed: list[str] = []
    verify = PasswordHasher.verify

    def counting(self: PasswordHasher, stored: str, password: str) -> bool:
        hashed.append(stored)
        return verify(self, stored, password)

    monkeypatch.setattr(PasswordHasher, "verify", counting)
    assert not passwords.matches(None, PASSWORD)
    assert [text.split("$")[1] for text in hashed] == ["argon2id"], "an unknown address costs one verification, too"


@pytest.mark.parametrize("stored", ["!", "", "$argon2id$v=19$m=8", "plain text"])
def test_what_is_no_hash_matches_nothing(stored: str) -> None:
    assert not passwords.matches(stored, stored)


def test_the_same_letters_from_another_keyboard_are_the_same_password() -> None:
    assert passwords.matches(passwords.hashed("caf\u00e9 au lait, deux"), "cafe\u0301 au lait, deux")


def test_one_time_passwords_differ_and_would_do_as_passwords() -> None:
    made = {passwords.one_time() for _ in range(200)}
    assert len(made) == 200
    assert all(password_rules.weaknesses(one, []) == [] for one in made)
