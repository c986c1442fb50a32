"""The commands: `flask --app control_ui db upgrade | users create | inventory import | audit verify | report runs |
evidence export`."""

from __future__ import annotations

from flask import Flask

from control_ui.cli import db


def register(app: Flask) -> None:
    for group in (db.group,):
        app.cli.add_command(group)
