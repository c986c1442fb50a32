"""Addresses and forms that nobody sends who uses the pages: an answer, and never a fault of ours."""

from __future__ import annotations

from typing import Any

import pytest

from tests.control_ui.pages.configuration.conftest import Desk

HUGE = "9" * 19
LONGER = "9" * 40


@pytest.mark.parametrize(
    "path",
    [
        f"templates/{HUGE}",
        f"templates/{LONGER}/edit",
        f"groups/{LONGER}",
        f"devices/{HUGE}",
        "templates/1?number=x",
        f"templates/1?number={HUGE}",
        "templates/1?cursor=nothing",
        f"templates/new?copy_of={LONGER}",
        f"deploy?template={HUGE}&version={LONGER}&to=group:{HUGE}&strategy=none",
        f"preview?device=wash-1&template={HUGE}",
        f"preview?device=%00&number={LONGER}",
        f"compare?left=template:{LONGER}&right=template:0",
        f"compare?left=template:1&left_number={HUGE}&right=device&right_device=%00",
        "compare?left=template:1&left_number=-1&right=template:1",
        "sites?device=%00%25_",
        "overrides/site?device=%00",
        "?text=%00%25&devices=,,1,x&cursor=x",
    ],
)
def test_an_odd_address_is_answered(desk: Desk, path: str) -> None:
    assert desk.get(f"/configuration/{path}" if path[0] != "?" else f"/configuration{path}").status_code < 500


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("check", {"kind": "nothing"}),
        ("check", {"kind": "template", "view": "json", "json": "[" * 100_000}),
        ("check", {"kind": "template", "view": "json", "json": '{"body": [], "overlays": {"moon": 1}, "x": 1}'}),
        ("check", {"kind": "template", "view": "json", "json": '{"overlays": {"dev": 5, "moon": {}}}'}),
        ("check", {"kind": "override", "view": "json", "json": '{"jpeg_quality": NaN, "thresholds": 5}'}),
        ("check", {"kind": "override", "view": "json", "json": '{"api_keys": [5, null], "cors_origins": {}}'}),
        ("check", {"kind": "override", "override/jpeg_quality/mode": "?", "override/log_level/mode": "value"}),
        ("preview", {"kind": "override", "group_id": LONGER, "preview_device": "wash-1"}),
        ("preview", {"kind": "template", "preview_device": "\x00"}),
        ("deploy/preview", {"template": LONGER, "to": "region:\x00", "query": '"'}),
        ("deploy", {"to": 'region:"x"'}),
        ("templates/new", {"base": "[1]", "row_version": LONGER, "switch": "sideways"}),
        ("templates/new", {"name": "\x00", "kind": "template", "view": "json", "json": "5"}),
    ],
)
def test_an_odd_form_is_answered(desk: Desk, path: str, fields: dict[str, Any]) -> None:
    assert desk.post(f"/configuration/{path}", fields).status_code < 500
