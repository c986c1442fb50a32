"""Public host keys, and the known_hosts files they come from."""

from __future__ import annotations

import base64
import hashlib
import hmac

import pytest

from control_ui.services.devices.ssh_host_keys import KnownHosts, is_public_key, ordered
from control_ui.services.errors import InvalidError
from tests.control_ui.devices.keys import host_key

ED, RSA = host_key(), host_key("ssh-rsa", 2)


@pytest.mark.parametrize(
    ("line", "fine"),
    [
        (ED, True),
        (RSA, True),
        (f"{ED} root@host", False),
        (ED.replace("ssh-ed25519", "ssh-rsa"), False),
        (ED.replace("ssh-ed25519", "ssh-dss"), False),
        ("ssh-ed25519 AAAA", False),
        ("ssh-ed25519 !!!!", False),
        ("ssh-ed25519", False),
        ("", False),
        ("ssh-ed25519 " + "A" * 4000, False),
        (f"{ED}\nssh-rsa AAAA", False),
    ],
)
def test_a_host_key_is_whole_and_says_what_it_is(line: str, fine: bool) -> None:
    assert is_public_key(line) is fine


def test_keys_have_one_order_ed25519_first_and_no_doubles() -> None:
    assert ordered([RSA, ED, RSA]) == [ED, RSA]


def hashed(name: str) -> str:
    salt = b"salt-of-20-bytes-....."
    digest = hmac.digest(salt, name.encode(), hashlib.sha1)
    return f"|1|{base64.b64encode(salt).decode()}|{base64.b64encode(digest).decode()}"


def test_a_host_is_found_by_name_address_port_and_hash() -> None:
    known = KnownHosts(
        f"# a comment\n\n198.18.0.10,akron-oh-01 {ED}\n198.18.0.10 {RSA} with a comment\n"
        f"[198.18.0.10]:2222 {host_key(seed=3)}\n{hashed('198.18.0.11')} {host_key(seed=4)}\n"
        f"@revoked * {host_key(seed=5)}\n*.example {host_key(seed=6)}\n"
    )
    assert known.keys_of(["akron-oh-01", "198.18.0.10"], 22) == [ED, RSA]
    assert known.keys_of(["akron-oh-01", ""], None) == [ED]
    assert known.keys_of(["198.18.0.10"], 2222) == [host_key(seed=3)]
    assert known.keys_of(["198.18.0.11"], 22) == [host_key(seed=4)]
    assert known.keys_of(["a.example", "198.18.0.1"], 22) == []


@pytest.mark.parametrize("line", ["host ssh-ed25519", "host ssh-ed25519 nonsense", "nonsense"])
def test_a_line_that_cannot_be_read_is_named(line: str) -> None:
    with pytest.raises(InvalidError) as caught:
        KnownHosts(f"# first\n{line}\n")
    assert caught.value.faults[0].path == "line 2"


def test_a_hash_that_is_none_matches_nobody() -> None:
    assert KnownHosts(f"|1|!!|!! {ED}\n|1|abc {ED}").keys_of(["host"], 22) == []
