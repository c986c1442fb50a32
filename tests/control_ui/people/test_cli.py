"""`flask users ...` and `flask tenants ...`."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from click.testing import Result
from flask import Flask
from flask.testing import FlaskClient

from control_ui.models.people import Role
from control_ui.models.scope import SessionFactory
from tests.control_ui.people.cast import OTHER_PASSWORD, Cast, login, tokens, trail

Run = Callable[..., Result]


@pytest.fixture
def run(app: Flask) -> Run:
    runner = app.test_cli_runner()

    def run(command: str, stdin: str = "") -> Result:
        return runner.invoke(args=command.split(), input=stdin)

    return run


def one_time_password(result: Result) -> str:
    assert result.exit_code == 0, result.output
    return str(result.output.rpartition(": ")[2].strip())


def test_the_first_tenant_and_its_administrator_are_made_on_the_command_line(
    run: Run, client: FlaskClient, sessions: SessionFactory
) -> None:
    made = run("tenants create --slug clean-cars --name Clean --timezone Europe/Berlin --requires-approval")
    assert made.exit_code == 0, made.output
    made = run("users create --email Ada@clean.test --role admin --tenant clean-cars --password-stdin", OTHER_PASSWORD)
    assert made.exit_code == 0, made.output
    assert OTHER_PASSWORD not in made.output
    assert login(client, "ada@clean.test", OTHER_PASSWORD).status_code == 200
    assert "needs approval" in run("tenants list").output
    entries = trail(sessions, "tenant.create", "user.create")
    assert {entry.actor_kind for entry in entries} == {"system"}
    assert all("command line" in entry.actor_name for entry in entries)


def test_a_generated_password_is_printed_once_and_has_to_be_replaced(run: Run, cast: Cast, client: FlaskClient) -> None:
    password = one_time_password(run("users create --email new@ours.test --role viewer --tenant ours --generate"))
    given = login(client, "new@ours.test", password).get_json()
    assert given["user"]["password_expires_at"] is not None


def test_a_platform_administrator_is_made_without_a_tenant(run: Run, client: FlaskClient) -> None:
    run("users create --email root@platform.test --role platform_admin --password-stdin", OTHER_PASSWORD)
    assert login(client, "root@platform.test", OTHER_PASSWORD).get_json()["user"]["tenant_id"] is None


@pytest.mark.usefixtures("cast")
def test_what_cannot_be_is_refused_with_a_sentence(run: Run) -> None:
    for command, words in [
        ("users create --email a@b.test --role viewer --generate", "give --tenant"),
        ("users create --email a@b.test --role platform_admin --tenant ours --generate", "belongs to none"),
        ("users create --email a@b.test --role viewer --tenant nobody --generate", "there are: ours"),
        ("users create --email nonsense --role viewer --tenant ours --generate", "$.email: must be an e-mail"),
        ("users create --email viewer@ours.test --role viewer --tenant ours --generate", "there is one"),
        ("users create --email a@b.test --role viewer --tenant ours --generate --password-stdin", "not both"),
        ("users create --email a@b.test --role viewer --tenant ours", "nobody to ask"),
        ("users create --email a@b.test --role emperor --tenant ours", "emperor"),
        ("users create --email a@b.test --role viewer --tenant ours --password x", "No such option"),
        ("users reset-password --email nobody@ours.test", "there is no account"),
        ("tenants create --slug Upper --name x", "$.slug: must be"),
        ("tenants create --slug x --name x --timezone nowhere", "$.timezone: must be"),
        ("tenants create --slug ours --name x", "taken"),
    ]:
        result = run(command)
        assert result.exit_code != 0
        assert words in result.output
        assert "Traceback" not in result.output


@pytest.mark.usefixtures("cast")
def test_a_password_that_will_not_do_is_refused_here_too(run: Run) -> None:
    for password in ["", "short", "password1234", "new@ours.test"]:
        result = run("users create --email new@ours.test --role viewer --tenant ours --password-stdin", password + "\n")
        assert result.exit_code == 1
        assert "the new password will not do" in result.output
        assert "new@ours.test" not in run("users list").output


def test_a_reset_lets_back_in_who_is_locked_out(run: Run, cast: Cast, client: FlaskClient) -> None:
    for number in range(5):
        login(client, "admin@ours.test", "wrong", address=f"192.0.2.{number}")
    password = one_time_password(run("users reset-password --email Admin@ours.test"))
    assert login(client, "admin@ours.test", password).status_code == 200


def test_accounts_are_listed_with_tenant_role_and_state(run: Run, cast: Cast, client: FlaskClient) -> None:
    tokens(client, cast[Role.VIEWER])
    lines = run("users list").output.splitlines()
    assert len(lines) == 6
    assert any("platform_admin@ours.test" in line and "(platform)" in line for line in lines)
    assert len(run("users list --tenant theirs").output.splitlines()) == 1
