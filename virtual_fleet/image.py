"""The base image all sites share: found by a hash of its contents, built when there is none."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

from virtual_fleet import apt_sources, image_build, image_contents, places
from virtual_fleet.commands import say
from virtual_fleet.state import locked_file

_SOURCES = (image_contents, image_build)


def ensure() -> Path:
    """Directory of the base image's root file system; built first (about two minutes) when there is none.

    A build that was cut short is never used: it happens beside, and is renamed when it is whole.
    """
    root = wanted()
    if root.is_dir():
        return root
    with locked_file(places.cache_root() / ".lock"):
        if not root.is_dir():
            _build(root.parent)
            _remove_others(root.parent)
    return root


def wanted() -> Path:
    """Where the image of today's roles and build code is, or will be."""
    return places.cache_root() / content_hash(_packages()) / "root"


def content_hash(packages: list[str]) -> str:
    """Names an image: equal packages, suite and build code make equal images."""
    code = [Path(str(module.__file__)).read_text() for module in _SOURCES]
    text = json.dumps([apt_sources.SUITE, packages, code])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _packages() -> list[str]:
    return [*image_contents.role_packages(), *image_contents.archived_packages()]


def _build(image: Path) -> None:
    beside = image.with_name(f"{image.name}.building")
    if beside.exists():
        say(f"removing a half-built image in {beside}")
        shutil.rmtree(beside)
    beside.mkdir(parents=True)
    say(f"building the base image in {image} (once; about two minutes)")
    image_build.build(beside / "root", beside / "build.log")
    beside.rename(image)


def _remove_others(image: Path) -> None:
    """Remove images of other contents, unless a running fleet stands on them."""
    mounts = Path("/proc/self/mounts").read_text()
    for other in places.cache_root().iterdir():
        if other != image and other.is_dir() and f"lowerdir={other}/" not in mounts:
            say(f"removing the outdated image {other}")
            shutil.rmtree(other)
