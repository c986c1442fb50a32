"""The package archive is the machine's own."""

from __future__ import annotations

import pytest

from virtual_fleet import apt_sources
from virtual_fleet.apt_sources import AptSource
from virtual_fleet.errors import FleetError


def test_security_and_updates_are_used_where_they_are_configured() -> None:
    listing = (
        "Debian|main|bookworm-security|http://mirror.example/security/\n"
        "Debian|main|bookworm|http://mirror.example/debian/\n"
        "Debian|contrib|bookworm|http://mirror.example/debian/\n"
        "Debian|main|bookworm-updates|http://mirror.example/debian/\n"
        "Another|main|bookworm|http://other.example/\n"
    )
    assert apt_sources.parse(listing) == [
        AptSource("http://mirror.example/debian/", "bookworm"),
        AptSource("http://mirror.example/debian/", "bookworm-updates"),
        AptSource("http://mirror.example/security/", "bookworm-security"),
    ]


def test_the_archive_of_a_machine_with_another_release_serves_too() -> None:
    listing = "Debian|main|trixie-updates|http://a.example/\nDebian|main|trixie|http://b.example/\n"
    assert apt_sources.parse(listing) == [AptSource("http://b.example/", "bookworm")]


def test_a_machine_without_debian_archives_is_told_what_to_do() -> None:
    with pytest.raises(FleetError, match="apt-get update"):
        apt_sources.parse("Another|main|stable|http://other.example/\n")


def test_a_source_is_written_as_apt_reads_it() -> None:
    assert AptSource("http://a.example/", "bookworm").line() == "deb http://a.example/ bookworm main"
