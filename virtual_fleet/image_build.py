"""Builds the base image: debootstrap, the Pi roles' packages, settings, an archive for sites without network."""

from __future__ import annotations

import email.utils
import hashlib
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from virtual_fleet import apt_sources, image_contents
from virtual_fleet.commands import run, run_long

# A mount namespace of its own: whatever the build mounts is gone with it, however it ends.
_PRIVATE_MOUNTS = ("unshare", "--mount", "--propagation", "private")
_IN_CHROOT = 'mount -t proc proc "$0/proc" && exec chroot "$0" /usr/bin/env -i PATH="$PATH" "$@"'
_CHROOT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def build(root: Path, log: Path) -> None:
    """Make a bootable Debian in `root`. Raises FleetError with the end of the log."""
    sources = apt_sources.read_sources()
    _bootstrap(root, log, sources[0])
    _prepare_apt(root, sources)
    everything = sorted({*image_contents.BASE_PACKAGES, *image_contents.role_packages()})
    install = ["apt-get", "install", "--yes", "--no-install-recommends"]
    _in_chroot(root, log, "reading the package lists", ["apt-get", "update"])
    _in_chroot(root, log, "upgrading", ["apt-get", "dist-upgrade", "--yes"])
    _in_chroot(root, log, f"installing {len(everything)} packages", [*install, *everything])
    fetch = [*install, "--download-only", *image_contents.archived_packages()]
    _in_chroot(root, log, "fetching packages that sites may install", fetch)
    _keep_packages(root, log)
    _configure(root)
    _remove_build_traces(root)


def _bootstrap(root: Path, log: Path, source: apt_sources.AptSource) -> None:
    include = ",".join(image_contents.BOOTSTRAP_PACKAGES)
    command = ["debootstrap", "--variant=minbase", f"--include={include}", source.suite, str(root), source.uri]
    run_long([*_PRIVATE_MOUNTS, *command], log, "bootstrapping Debian")


def _prepare_apt(root: Path, sources: list[apt_sources.AptSource]) -> None:
    _write(root, "etc/apt/sources.list", "".join(f"{source.line()}\n" for source in sources))
    _write(
        root, "etc/apt/apt.conf.d/00build", apt_sources.acquire_settings() + 'APT::Keep-Downloaded-Packages "true";\n'
    )
    _write(root, "etc/dpkg/dpkg.cfg.d/small", image_contents.DPKG_EXCLUDES)
    _write(root, "usr/sbin/policy-rc.d", "#!/bin/sh\nexit 101\n", mode=0o755)  # packages start no services meanwhile
    for name in ("resolv.conf", "hosts"):
        shutil.copyfile(f"/etc/{name}", root / "etc" / name)


def _keep_packages(root: Path, log: Path) -> None:
    """Make what was downloaded the sites' only package archive: they can reinstall it all without a network."""
    archive = root / image_contents.LOCAL_ARCHIVE.lstrip("/")
    archive.mkdir(parents=True)
    for package in sorted((root / "var/cache/apt/archives").glob("*.deb")):
        package.rename(archive / package.name)
    index = run(
        ["sh", "-c", 'cd "$0" && exec dpkg-scanpackages --multiversion . 2>/dev/null', str(archive)], timeout=300
    )
    (archive / "Packages").write_text(index)
    (archive / "Release").write_text(_release(index.encode()))
    shutil.rmtree(root / "var/lib/apt/lists")
    for path, content in image_contents.FILES.items():
        _write(root, path, content)
    (root / "etc/apt/apt.conf.d/00build").unlink()
    _in_chroot(root, log, "reading the sites' own package list", ["apt-get", "update"])


def _release(index: bytes) -> str:
    """What apt wants to know about an archive of one package list."""
    date = email.utils.formatdate(usegmt=True)
    return f"Origin: virtual-fleet\nDate: {date}\nSHA256:\n {hashlib.sha256(index).hexdigest()} {len(index)} Packages\n"


def _configure(root: Path) -> None:
    chroot = ["chroot", str(root)]
    user, user_id = image_contents.USER, str(image_contents.USER_ID)
    run([*chroot, "useradd", "--create-home", "--shell", "/bin/sh", "--uid", user_id, "--password", "*", user])
    ssh_directory = root / "home" / user / ".ssh"
    ssh_directory.mkdir(mode=0o700)
    os.chown(ssh_directory, image_contents.USER_ID, image_contents.USER_ID)
    (root / "etc/sudoers.d/ops").chmod(0o440)
    (root / "usr/local/bin/timedatectl").chmod(0o755)
    preset = root / "etc/systemd/system-preset/00-image.preset"
    _write(root, "etc/systemd/system-preset/00-image.preset", image_contents.PRESET)
    run(["systemctl", f"--root={root}", "preset-all"])
    preset.unlink()  # packages that a role installs later follow Debian's own rules again
    run(["systemctl", f"--root={root}", "mask", *image_contents.MASKED_UNITS])
    run(["systemctl", f"--root={root}", "set-default", "multi-user.target"])


def _remove_build_traces(root: Path) -> None:
    (root / "usr/sbin/policy-rc.d").unlink()
    for key in (root / "etc/ssh").glob("ssh_host_*"):
        key.unlink()
    for directory in ("usr/share/doc", "usr/share/man", "usr/share/locale", "usr/share/info", "var/log"):
        for path in (root / directory).rglob("*"):
            if not path.is_dir() or path.is_symlink():
                path.unlink()
    (root / "var/log/journal").mkdir(exist_ok=True)
    (root / "etc/hostname").unlink(missing_ok=True)


def _in_chroot(root: Path, log: Path, what: str, command: Sequence[str]) -> None:
    environment = [f"PATH={_CHROOT_PATH}", "DEBIAN_FRONTEND=noninteractive", "LC_ALL=C.UTF-8"]
    run_long([*_PRIVATE_MOUNTS, "sh", "-c", _IN_CHROOT, str(root), *environment, *command], log, what)


def _write(root: Path, path: str, content: str, *, mode: int = 0o644) -> None:
    target = root / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)
    target.write_text(content)
    target.chmod(mode)
