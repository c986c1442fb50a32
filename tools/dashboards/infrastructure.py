"""The control plane, the monitoring, and the Pis' systems."""

from __future__ import annotations

from tools.dashboards.panels import SITES, Json, chart, dashboard, query, table

RATE = "$__rate_interval"
OWN = 'job="control_plane"'


def infrastructure() -> Json:
    return dashboard(
        "carwash-infrastructure",
        "Infrastructure",
        "Control plane, Prometheus, Alertmanager, and the Pis' systems.",
        [(7, _requests()), (7, _work()), (7, _prometheus()), (7, _alertmanager_and_pis())],
    )


def _requests() -> list[Json]:
    return [
        chart(
            "Requests",
            query(f"sum by (status) (rate(http_requests_total{{{OWN}}}[{RATE}]))", "{{status}}"),
            unit="reqps",
        ),
        chart(
            "Slowest routes, p95",
            query(
                "topk(8, histogram_quantile(0.95, sum by (route, le)"
                f" (rate(http_request_duration_seconds_bucket{{{OWN}}}[{RATE}]))))",
                "{{route}}",
            ),
            unit="s",
        ),
        chart(
            "Database connections",
            query("api_database_connection_pool_size", "open"),
            query("api_database_connections_in_use", "in use"),
            query("carwash_control_database_up", "answers"),
        ),
    ]


def _work() -> list[Json]:
    return [
        chart("Runs", query("max by (state) (carwash_runs)", "{{state}}")),
        chart(
            "First run in the queue",
            query("max(carwash_oldest_queued_run_age_seconds)", "due for"),
            unit="s",
        ),
        chart(
            "Deployments that ended",
            query("max by (result) (carwash_configuration_deployments_total)", "{{result}}"),
        ),
        table("Audit trails that are whole", "min by (chain) (carwash_audit_chain_intact)"),
    ]


def _prometheus() -> list[Json]:
    return [
        chart(
            "Samples",
            query(f"rate(prometheus_tsdb_head_samples_appended_total[{RATE}])", "a second"),
            query("prometheus_tsdb_head_series", "series"),
        ),
        chart(
            "Targets",
            query("count by (job) (up == 1)", "{{job}} up"),
            query("count by (job) (up)", "{{job}}"),
        ),
        chart("Time to scrape", query("max by (job) (scrape_duration_seconds)", "{{job}}"), unit="s"),
        chart(
            "Storage and memory",
            query("prometheus_tsdb_storage_blocks_bytes", "blocks"),
            query('process_resident_memory_bytes{job="prometheus"}', "memory"),
            unit="bytes",
        ),
    ]


def _alertmanager_and_pis() -> list[Json]:
    return [
        chart(
            "Notifications",
            query(f"sum by (integration) (rate(alertmanager_notifications_total[{RATE}]))", "{{integration}}"),
            query(
                f"sum by (integration) (rate(alertmanager_notifications_failed_total[{RATE}]))",
                "{{integration}} failed",
            ),
        ),
        chart("Load of the Pis", query(f'node_load1{{job="node",{SITES}}}', "{{device}}")),
        chart(
            "Space left on the Pis",
            query(f'node_filesystem_avail_bytes{{job="node",mountpoint="/",{SITES}}}', "{{device}}"),
            unit="bytes",
        ),
    ]
