"""How long the control plane's own certificate lasts."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from cryptography import x509


def expires_at(path: Path) -> datetime:
    """Of the first certificate in a PEM file. Raises OSError or ValueError where there is none to be read."""
    return x509.load_pem_x509_certificates(path.read_bytes())[0].not_valid_after_utc
