"""Names of metrics: those in an expression, and those that are told by what we do not write ourselves."""

from __future__ import annotations

import re

_TEXT = re.compile(r'"(?:[^"\\]|\\.)*"')
_SELECTOR = re.compile(r"\{[^{}]*\}")
_GROUPING = re.compile(r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^()]*\)")
_DURATION = re.compile(r"\[[^\[\]]*\]|\boffset\s+\S+")
_NAME = re.compile(r"[A-Za-z_:][A-Za-z0-9_:]*(?!\s*\()(?![A-Za-z0-9_:])")
_WORDS = frozenset({"and", "or", "unless", "bool", "inf", "nan", "by", "without", "on", "ignoring", "group_left"})
_SUFFIXES = ("_bucket", "_sum", "_count", "_total", "_info")

FOREIGN = {
    "prometheus": {  # https://github.com/prometheus/prometheus/tree/v2.42.0, read off /metrics in test_dashboards
        "process_resident_memory_bytes",
        "prometheus_config_last_reload_successful",
        "prometheus_notifications_alertmanagers_discovered",
        "prometheus_notifications_dropped_total",
        "prometheus_notifications_errors_total",
        "prometheus_notifications_sent_total",
        "prometheus_rule_evaluation_failures_total",
        "prometheus_sd_http_failures_total",
        "prometheus_target_scrapes_exceeded_sample_limit_total",
        "prometheus_tsdb_compactions_failed_total",
        "prometheus_tsdb_head_samples_appended_total",
        "prometheus_tsdb_head_series",
        "prometheus_tsdb_storage_blocks_bytes",
    },
    "alertmanager": {  # https://github.com/prometheus/alertmanager/tree/v0.25.0, read off /metrics in test_dashboards
        "alertmanager_alerts",
        "alertmanager_config_last_reload_successful",
        "alertmanager_notifications_failed_total",
        "alertmanager_notifications_total",
    },
    "node_exporter": {  # https://github.com/prometheus/node_exporter/tree/v1.5.0: collectors loadavg and filesystem
        "node_filesystem_avail_bytes",
        "node_load1",
    },
    "made by Prometheus": {"ALERTS", "ALERTS_FOR_STATE", "scrape_duration_seconds", "up"},
}


def used(expression: str) -> set[str]:
    """The metrics of a PromQL expression."""
    bare = _TEXT.sub("", expression)
    for left_out in (_SELECTOR, _GROUPING, _DURATION):
        bare = left_out.sub(" ", bare)
    return {name for name in _NAME.findall(bare) if name not in _WORDS}


def queried(template: str) -> set[str]:
    """The metrics that an annotation looks up."""
    return {
        name
        for text in re.findall(r'"((?:[^"\\]|\\.)*)" \$labels[^|]*\| query', " ".join(template.split()))
        for name in used(text.replace("%q", '""'))
    }


def told(text: str) -> set[str]:
    """The names of the series in a text of Prometheus' format."""
    return {re.split(r"[{ ]", line)[0] for line in text.splitlines() if line and not line.startswith("#")}
