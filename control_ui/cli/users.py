"""`flask --app control_ui users ...`: accounts, the first one above all, and a way back in for who is locked out."""

from __future__ import annotations

import sys
from datetime import UTC, datetime

import click
import sqlalchemy as sa
from flask.cli import with_appcontext
from sqlalchemy.orm import joinedload

from control_ui.cli.scope import operator_at_the_console, tenant_session
from control_ui.models import User
from control_ui.models.people import Role
from control_ui.services.people import own_account, users
from control_ui.services.people.sign_in_limits import SignInLimits
from control_ui.views.state import app_state


@click.group("users")
def group() -> None:
    """People and their accounts. Passwords are never taken from the command line, where other users could read them."""


@group.command()
@click.option("--email", required=True)
@click.option("--role", required=True, type=click.Choice([role.value for role in Role]))
@click.option("--tenant", metavar="SLUG", help="Whose; not for platform_admin.")
@click.option("--name", default="", help="As people read it; otherwise what stands before the @.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input, one line.")
@click.option(
    "--generate", is_flag=True, help="Make a one-time password, to be replaced at the first sign-in, and print it."
)
@with_appcontext
def create(email: str, role: str, tenant: str | None, name: str, password_stdin: bool, generate: bool) -> None:
    """Make an account. Asks for the password unless told otherwise."""
    if (tenant is None) != (role == Role.PLATFORM_ADMIN):
        raise click.UsageError("give --tenant SLUG, but for platform_admin, who belongs to none")
    if password_stdin and generate:
        raise click.UsageError("give --password-stdin or --generate, not both")
    email = email.strip().lower()
    new = users.NewUser(email, name or email.partition("@")[0], Role(role))
    with tenant_session(tenant) as session:
        password = None if generate else _password(password_stdin)
        if password is not None:
            own_account.check_new(password, [email, new.name, tenant or ""])
        actor, now = operator_at_the_console(), datetime.now(UTC)
        _, one_time = users.create(session, actor, new, reason="", now=now, password=password)
    click.echo(f"{email} is made, with the role {role}.")
    if one_time:
        click.echo(f"One-time password, shown this once: {one_time}")


@group.command("list")
@click.option("--tenant", metavar="SLUG", help="Only theirs.")
@with_appcontext
def list_users(tenant: str | None) -> None:
    """List accounts."""
    with tenant_session(tenant) as session:
        for user in session.scalars(sa.select(User).options(joinedload(User.tenant)).order_by(User.email)):
            whose = user.tenant.slug if user.tenant else "(platform)"
            click.echo(f"{user.email:40} {whose:24} {user.role:16} {'disabled' if user.disabled_at else ''}".rstrip())


@group.command("reset-password")
@click.option("--email", required=True)
@with_appcontext
def reset_password(email: str) -> None:
    """Give somebody a one-time password, end their sessions, and unlock their account."""
    with tenant_session(None) as session:
        found = session.scalars(sa.select(User).where(User.email == email.strip().lower())).one_or_none()
        if found is None:
            raise click.ClickException(f"there is no account {email}: users list shows them")
        limits, actor = SignInLimits(app_state().redis), operator_at_the_console()
        one_time = users.reset_password(session, limits, actor, found.id, reason="", now=datetime.now(UTC))
    click.echo(f"One-time password of {found.email}, shown this once: {one_time}")


def _password(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise click.UsageError("there is nobody to ask for the password: give --password-stdin or --generate")
    return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))
