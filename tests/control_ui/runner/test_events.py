"""From ansible-runner's dictionaries to events, in their smallest and their largest."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from control_ui.runner.diffs import differences
from control_ui.runner.events import Event, as_document, from_document, from_runner
from control_ui.runner.trimming import RESULT_BYTES, fit, fit_text, size


def raw(kind: str = "runner_on_ok", **data: Any) -> dict[str, Any]:
    return {
        "uuid": "u-1",
        "counter": 7,
        "stdout": "ok: [site-1]\r\nmore",
        "event": kind,
        "created": "2026-03-04T05:06:07.000008+00:00",
        "event_data": {"host": "site-1", "play": "Play", "task": "Task", "duration": 0.0} | data,
    }


def test_an_event_says_when_what_happened_where() -> None:
    assert from_runner(raw(res={"changed": True, "msg": "done"})) == Event(
        counter=7,
        created_at=datetime(2026, 3, 4, 5, 6, 7, 8, tzinfo=UTC),
        kind="runner_on_ok",
        uuid="u-1",
        host="site-1",
        play="Play",
        task="Task",
        outcome="changed",
        changed=True,
        stdout="ok: [site-1]\nmore",
        duration_seconds=0.0,
        result={"changed": True, "msg": "done"},
    )


def test_a_loose_line_of_output_is_an_event_too() -> None:
    event = from_runner({"uuid": "u-2", "counter": 1, "stdout": "[WARNING]: x", "event": "verbose", "created": None})
    assert (event.kind, event.host, event.stdout) == ("verbose", None, "[WARNING]: x")
    assert event.created_at.tzinfo is not None


def test_a_time_without_zone_is_utc() -> None:
    event = from_runner(raw() | {"created": "2026-03-04T05:06:07"})
    assert event.created_at == datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)


def test_arguments_facts_and_doubles_are_not_kept() -> None:
    result = {
        "msg": "m",
        "invocation": {"module_args": {"password": "p"}},
        "ansible_facts": {"env": {}},
        "stdout_lines": ["m"],
        "_ansible_verbose_always": True,
        "results": [{"item": 1}],
    }
    assert from_runner(raw(res=result)).result == {"msg": "m"}


@pytest.mark.parametrize(
    ("kind", "outcome"),
    [
        ("runner_on_ok", "changed"),
        ("runner_item_on_ok", "changed"),
        ("runner_on_failed", "failed"),
        ("runner_on_unreachable", "unreachable"),
        ("runner_on_start", None),
        ("runner_retry", None),
    ],
)
def test_only_a_good_end_is_a_change(kind: str, outcome: str | None) -> None:
    assert from_runner(raw(kind, res={"changed": True})).outcome == outcome


def test_the_recap_is_whole_however_many_hosts_there_are() -> None:
    ok = {f"site-{number:05}": 3 for number in range(20_000)}
    event = from_runner(raw("playbook_on_stats", ok=ok, dark={"site-x": 1}))
    assert event.result["ok"] == ok
    assert event.result["dark"] == {"site-x": 1}
    assert event.result["failures"] == {}


@pytest.mark.parametrize(
    "event",
    [
        from_runner(raw(res={"msg": "ünïcödé 🚗\x00"})),
        from_runner(raw("runner_on_start")),
        Event(1, datetime(2026, 1, 1, tzinfo=UTC), "verbose", "u"),
    ],
)
def test_an_event_is_the_same_after_it_was_written_down(event: Event) -> None:
    assert from_document(json.loads(json.dumps(as_document(event)))) == event


@pytest.mark.parametrize(
    "document",
    [
        {"msg": "x" * 200_000},
        {"lines": ["x" * 100] * 10_000},
        {"names": {f"n{number}": "x" * 50 for number in range(10_000)}},
        {"deep": [{"deep": ["🚗" * 3_000] * 10}] * 10},
        {f"{number}" * 1000: 1 for number in range(1000)},
    ],
    ids=["text", "list", "dictionary", "deep", "names"],
)
def test_whatever_is_too_large_is_cut_to_size_and_says_so(document: dict[str, Any]) -> None:
    cut = fit(document)
    assert size(cut) <= RESULT_BYTES
    assert "left out" in json.dumps(cut) or "cut" in cut


def test_what_fits_is_left_alone() -> None:
    document = {"msg": "x" * 60_000}
    assert fit(document) is document
    assert fit_text("abc", 3) == "abc"
    assert fit_text("abcd", 3) == "abc… [1 characters left out]"


def test_a_difference_has_texts_whatever_the_module_gave() -> None:
    given = [
        {"before": {"mode": "0600"}, "after": {"mode": "0644"}, "before_header": "/x"},
        {"before": "same", "after": "same"},
        {"prepared": "--- a\n+++ b\n"},
        "nonsense",
        {"src_binary": 1},
    ]
    assert differences(given) == [
        {"before_header": "/x", "before": '{\n  "mode": "0600"\n}\n', "after": '{\n  "mode": "0644"\n}\n'},
        {"prepared": "--- a\n+++ b\n"},
    ]
    assert differences({"before": "a", "after": "b"}) == [{"before": "a", "after": "b"}]
    assert differences(None) == []


def test_differences_are_bounded_in_number_and_size() -> None:
    many = differences([{"before": str(number), "after": "x" * 90_000} for number in range(100)])
    assert len(many) == 33
    assert many[-1] == {"prepared": "[68 more differences left out]\n"}
    assert sum(len(text) for item in many for text in item.values()) < RESULT_BYTES * 1.2


def test_a_loop_s_differences_are_those_of_its_items() -> None:
    item = {"before": "a", "after": "b"}
    assert from_runner(raw("runner_item_on_ok", res={"diff": item, "item": 1})).diff == [item]
    assert from_runner(raw(res={"results": [{"diff": item}], "diff": item})).diff == []
