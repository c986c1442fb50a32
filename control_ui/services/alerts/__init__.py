"""Alerts: taken from Alertmanager, found, and acknowledged by people."""
