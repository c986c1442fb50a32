"""Where somebody is sent after signing in: to a page of ours, or to the first one."""

from __future__ import annotations

import re

_LOCAL = re.compile(r"/(?![/\\])[^\\\x00-\x20\x7f]*")
"""A path of this host. `//host` and `/\\host` name another one, and browsers drop tabs and line breaks before they
look."""
LONGEST = 500


def local_path(wanted: str, otherwise: str) -> str:
    """`wanted` if it is a path of this host, else `otherwise`."""
    return wanted if len(wanted) <= LONGEST and _LOCAL.fullmatch(wanted) else otherwise
