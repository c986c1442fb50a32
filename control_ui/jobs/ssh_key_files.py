"""Which private key opens a tenant's Pis."""

from __future__ import annotations

from pathlib import Path

from control_ui.runner.ssh_keys import KeyFileError


def ssh_key_file(directory: Path, tenant_slug: str) -> Path:
    """The tenant's own key, or the one for all. Raises KeyFileError where there is neither."""
    for name in (tenant_slug, "default"):
        if (directory / name).exists():
            return directory / name
    raise KeyFileError(
        f"there is no SSH private key for {tenant_slug!r}: put one at {directory / tenant_slug} or"
        f" {directory / 'default'}, readable by the worker's user only (chmod 600)"
    )
