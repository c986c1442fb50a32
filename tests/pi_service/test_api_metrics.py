"""`GET /metrics`: every contracted series, absent where nothing is known, and never a 500."""

from __future__ import annotations

import os
from typing import Any

import psutil
import pytest
from prometheus_client.parser import text_string_to_metric_families

from pi_service.atomic_files import write_json
from tests.pi_service.api_fixtures import IMAGE, Pi, pi, samples

__all__ = ["pi"]

AGENT: dict[str, Any] = {
    "actions": [{"action": "restart_ffmpeg", "result": "ok", "count": 4}],
    "conditions": [{"name": "clock not synchronised", "since": "2026-11-23T11:00:00.000Z", "detail": ""}],
    "clock_synchronised": False,
    "control": {"reachable": True, "last_success_at": None, "backlog_entries": 7},
    "updated_boottime": 1000.0,
}


@pytest.fixture
def busy_pi(pi: Pi) -> Pi:
    """A Pi where every file is there."""
    pi.publish()
    pi.report_stream(ffmpeg_pid=os.getpid())
    write_json(pi.paths.agent_state, AGENT)
    write_json(pi.paths.state_dir / "config-apply.json", {"counts": {"applied": 3, "refused": 1}})
    pi.get("/api/snapshot")
    return pi


def test_every_contracted_series_is_there(busy_pi: Pi) -> None:
    found = samples(busy_pi)
    expected = {
        "carwash_ffmpeg_process_status": 1,
        "carwash_stream_connection_status": 1,
        'carwash_stream_status{status="streaming"}': 1,
        'carwash_stream_status{status="silent"}': 0,
        "carwash_snapshot_generation_rate": 0.083,
        'carwash_snapshot_errors_total{reason="torn"}': 3,
        'carwash_snapshot_errors_total{reason="refused"}': 5,
        'carwash_api_request_duration_seconds_count{method="GET",route="/api/snapshot"}': 1,
        'carwash_api_request_total{key="till",method="GET",route="/api/snapshot",status="200"}': 1,
        "carwash_snapshot_cache_size_bytes": len(IMAGE),
        "carwash_last_successful_snapshot_timestamp": 1795435200.123,
        "carwash_snapshot_age_seconds": 0,
        "carwash_ffmpeg_restarts_total": 2,
        "carwash_stream_reconnects_total": 1,
        "carwash_config_version": 1,
        "carwash_snapshot_stale_after_seconds": 36,
        'carwash_snapshot_errors_total{reason="ffmpeg died"}': 0,
        'carwash_api_request_duration_seconds_bucket{le="5.0",method="GET",route="/api/snapshot"}': 1,
        'carwash_config_apply_total{result="applied"}': 3,
        'carwash_self_healing_actions_total{action="restart_ffmpeg",result="ok"}': 4,
        "carwash_clock_synchronised": 0,
        "carwash_backlog_entries": 7,
        'carwash_condition{condition="clock not synchronised"}': 1,
    }
    assert {name: found.get(name) for name in expected} == expected
    assert found["carwash_memory_total_bytes"] > found["node_memory_usage_bytes"] > 0
    in_use = psutil.disk_usage(str(busy_pi.paths.state_dir)).percent
    assert found["node_disk_usage_percent"] == pytest.approx(in_use, abs=1)
    assert not [name for name in found if "_created" in name]


def test_the_text_is_prometheus_own_with_help_and_type_for_every_family(busy_pi: Pi) -> None:
    response = busy_pi.get("/metrics", key=None)
    assert response.content_type.startswith("text/plain; version=")
    families = {family.name: family for family in text_string_to_metric_families(response.get_data(as_text=True))}
    assert all(family.documentation for family in families.values())
    assert families["carwash_snapshot_errors"].type == "counter"
    assert families["carwash_api_request_duration_seconds"].type == "histogram"


def test_without_any_file_their_series_are_absent_not_zero(pi: Pi) -> None:
    found = samples(pi)
    for name in ("carwash_ffmpeg", "carwash_stream_c", "carwash_last", "carwash_config_apply", "carwash_self_healing"):
        assert not [series for series in found if series.startswith(name)]
    for file in ("stream.json", "agent.json", "config-apply.json", "snapshot.json"):
        assert found[f'carwash_state_file_readable{{file="{file}"}}'] == 0


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"{}", b"\xff", b'{"counts": []}', b'{"counts": {"applied": "many"}}', b'{"actions": [{}]}'],
)
def test_damaged_files_are_told_and_break_nothing(busy_pi: Pi, content: bytes) -> None:
    for path in (busy_pi.paths.stream_state, busy_pi.paths.agent_state, busy_pi.paths.state_dir / "config-apply.json"):
        path.write_bytes(content)
    found = samples(busy_pi)
    assert found['carwash_state_file_readable{file="stream.json"}'] == 0
    assert found['carwash_state_file_readable{file="agent.json"}'] == 0
    assert found['carwash_state_file_readable{file="config-apply.json"}'] == 0
    assert "carwash_ffmpeg_process_status" not in found


@pytest.mark.parametrize("field", ["restarts", "errors", "dropped", "generation_rate_per_second"])
def test_a_stream_file_with_one_wrong_field_counts_as_damaged(busy_pi: Pi, field: str) -> None:
    busy_pi.report_stream(**{field: "wrong"})
    assert samples(busy_pi)['carwash_state_file_readable{file="stream.json"}'] == 0


def test_a_supervisor_gone_quiet_is_not_connected_and_has_no_rate(busy_pi: Pi) -> None:
    busy_pi.clocks.pass_time(31)
    found = samples(busy_pi)
    assert found["carwash_stream_connection_status"] == 0
    assert "carwash_snapshot_generation_rate" not in found
    assert found["carwash_stream_report_age_seconds"] == 31
    assert found["carwash_ffmpeg_restarts_total"] == 2


def test_an_ffmpeg_that_has_ended_does_not_run(busy_pi: Pi) -> None:
    busy_pi.report_stream(ffmpeg_pid=2**22 - 1)
    assert samples(busy_pi)["carwash_ffmpeg_process_status"] == 0


def test_strange_requests_do_not_make_series(pi: Pi) -> None:
    for number in range(30):
        pi.get(f"/strange/{number}", method=f"M{number}")
        pi.get(f"/api/snapshot/history/{number}")
    requests = [name for name in samples(pi) if name.startswith("carwash_api_request_total")]
    assert len(requests) == 2


def test_a_damaged_configuration_file_shows_in_a_gauge(pi: Pi) -> None:
    assert samples(pi)["carwash_config_file_valid"] == 1
    pi.paths.config.write_text("{")
    found = samples(pi)
    assert found["carwash_config_file_valid"] == 0
    assert found["carwash_config_version"] == 1
