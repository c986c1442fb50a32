"""Which packages the base image has, and when it has to be built anew."""

from __future__ import annotations

from pathlib import Path

import pytest

from virtual_fleet import image, image_contents
from virtual_fleet.errors import FleetError


def write_defaults(roles: Path, role: str, text: str) -> None:
    path = roles / role / "defaults" / "main.yml"
    path.parent.mkdir(parents=True)
    path.write_text(text)


def test_packages_come_from_the_roles_of_a_pi_only(tmp_path: Path) -> None:
    write_defaults(tmp_path, "ffmpeg", "ffmpeg_packages: [ffmpeg]\nffmpeg_other: [not-this]\n")
    write_defaults(tmp_path, "pi_service", "pi_service_packages: [python3-flask]\n")
    write_defaults(tmp_path, "postgresql", "postgresql_packages: [postgresql]\n")
    assert image_contents.role_packages(tmp_path) == ["ffmpeg", "python3-flask"]


def test_a_role_without_packages_is_fine(tmp_path: Path) -> None:
    write_defaults(tmp_path, "base", "---\n")
    assert image_contents.role_packages(tmp_path) == []


def test_packages_that_are_no_list_are_refused_with_the_file(tmp_path: Path) -> None:
    write_defaults(tmp_path, "base", "base_packages: sudo\n")
    with pytest.raises(FleetError, match=r"base_packages in .*main\.yml must be a list"):
        image_contents.role_packages(tmp_path)


def test_another_package_makes_another_image() -> None:
    assert image.content_hash(["ffmpeg"]) == image.content_hash(["ffmpeg"])
    assert image.content_hash(["ffmpeg"]) != image.content_hash(["ffmpeg", "sudo"])


def test_images_lie_where_the_environment_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIRTUAL_FLEET_CACHE", str(tmp_path))
    assert image.wanted().is_relative_to(tmp_path)


def test_the_repositorys_own_roles_name_what_a_pi_needs() -> None:
    assert {"ffmpeg", "python3-flask", "prometheus-node-exporter"} <= set(image_contents.role_packages())


def test_the_monitoring_s_packages_are_there_to_be_installed_and_are_on_no_site_by_themselves() -> None:
    assert {"prometheus", "prometheus-alertmanager"} <= set(image_contents.archived_packages())
    assert not {"prometheus", "prometheus-alertmanager"} & set(image_contents.role_packages())
