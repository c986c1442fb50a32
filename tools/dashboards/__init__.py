"""Grafana's dashboards, from which monitoring/grafana/dashboards/*.json are written."""
