"""Everything about one site."""

from __future__ import annotations

from tools.dashboards.panels import SITES, Json, chart, dashboard, query, table

REQUESTS = "carwash_api_request_total"
SLOW = "carwash_api_request_duration_seconds_bucket"
RATE = "$__rate_interval"
OF_PICTURES = f'{SITES},route="/api/snapshot"'


def device_deep_dive() -> Json:
    return dashboard(
        "carwash-device",
        "Device Deep Dive",
        "Everything about one site.",
        [(6, _pictures()), (7, _stream()), (7, _requests()), (7, _system()), (7, _network())],
        one_site=True,
    )


def _pictures() -> list[Json]:
    return [
        chart(
            "Age of the picture",
            query(_of("carwash_snapshot_age_seconds"), "{{device}}"),
            query(_of("carwash_snapshot_stale_after_seconds"), "limit"),
            unit="s",
            min=0,
        ),
        chart(
            "Online",
            query(_of("carwash_device_online"), "checks in"),
            query(_of("up", ',job="pis"'), "scraped"),
            min=0,
            max=1,
        ),
        chart("Last check-in", query(_of("carwash_device_checkin_age_seconds"), "{{device}}"), unit="s", min=0),
    ]


def _stream() -> list[Json]:
    return [
        chart(
            "Pictures",
            query(f"sum by (device) (rate(carwash_snapshots_published_total{{{SITES}}}[{RATE}]))", "published"),
            query(_grouped("carwash_snapshot_errors_total", "reason"), "{{reason}}"),
            unit="cps",
        ),
        chart(
            "Stream",
            query(_of("carwash_ffmpeg_process_status"), "ffmpeg runs"),
            query(_of("carwash_stream_connection_status"), "streaming"),
            min=0,
            max=1,
        ),
        chart(
            "Restarts and healing",
            query(f"increase(carwash_ffmpeg_restarts_total{{{SITES}}}[1h])", "ffmpeg"),
            query(f"changes(carwash_unit_start_seconds{{{SITES}}}[1h])", "{{unit}}"),
            query(f"increase(carwash_self_healing_actions_total{{{SITES}}}[1h])", "{{action}} {{result}}"),
        ),
    ]


def _requests() -> list[Json]:
    return [
        chart(
            "Requests of controllers",
            query(f'sum by (status) (rate({REQUESTS}{{{SITES},route="/api/snapshot"}}[{RATE}]))', "{{status}}"),
            unit="reqps",
        ),
        chart(
            "Time to answer",
            *(
                query(
                    f"histogram_quantile({q}, sum by (le) (rate({SLOW}{{{OF_PICTURES}}}[{RATE}])))",
                    f"p{round(100 * q)}",
                )
                for q in (0.5, 0.95, 0.99)
            ),
            unit="s",
        ),
        chart("Configuration", query(_of("carwash_config_version"), "version in force")),
    ]


def _system() -> list[Json]:
    return [
        chart("Processor", query(_of("node_cpu_usage_percent"), "{{device}}"), unit="percent", min=0, max=100),
        chart("Temperature", query(_of("node_temperature_celsius"), "{{device}}"), unit="celsius"),
        chart(
            "Memory",
            query(f"{_of('node_memory_usage_bytes')} / {_of('carwash_memory_total_bytes')}", "in use"),
            unit="percentunit",
            min=0,
            max=1,
        ),
        chart("Disk", query(_of("node_disk_usage_percent"), "{{device}}"), unit="percent", min=0, max=100),
    ]


def _network() -> list[Json]:
    return [
        chart(
            "Network",
            query(_grouped("node_network_bytes_total", "interface, direction"), "{{interface}} {{direction}}"),
            unit="Bps",
        ),
        chart("Memory of our units", query(f"carwash_unit_memory_bytes{{{SITES}}}", "{{unit}}"), unit="bytes"),
        table("Cause of its trouble", f"device:carwash_problem:one{{{SITES}}}", ("Value",), link=True),
    ]


def _of(metric: str, more: str = "") -> str:
    return f"max by (device) ({metric}{{{SITES}{more}}})"


def _grouped(metric: str, label: str) -> str:
    return f"sum by (device, {label}) (rate({metric}{{{SITES}}}[{RATE}]))"
