"""The commands: `flask --app control_ui db upgrade | users create | inventory import | audit verify | report runs |
evidence export`."""

from __future__ import annotations

from flask import Flask

from control_ui.cli import audit, db, evidence, inventory, report, secrets, tenants, users


def register(app: Flask) -> None:
    for group in (
        db.group,
        audit.group,
        inventory.group,
        secrets.group,
        tenants.group,
        users.group,
        report.group,
        evidence.group,
    ):
        app.cli.add_command(group)
