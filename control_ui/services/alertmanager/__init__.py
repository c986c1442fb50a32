"""Alertmanager: its alerts become the alerts here, and what people say here becomes silences there."""
