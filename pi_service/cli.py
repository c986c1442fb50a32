"""The commands of a Pi."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from pi_service import __version__
from pi_service.config_manager import DEFAULT_TIMEOUT_SECONDS, ConfigManager, Outcome
from pi_service.paths import Paths
from pi_service.redaction import redact_text

FAILED = 3  # apart from what `config apply` says with 1 and 2
USAGE = 64  # EX_USAGE; argparse's own 2 would read as "tried and rolled back"


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(USAGE, f"{self.prog}: {message}\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. Returns its exit code."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except OSError as error:
        _say_error(redact_text(str(error)))
        return FAILED


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="carwash", description="The software on a car wash's Pi.")
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for name, run, words in (
        ("stream", _run_stream, "keep pictures coming from the camera (a service)"),
        ("api", _run_api, "answer requests for pictures (a service)"),
        ("agent", _run_agent, "watch, heal, and check in with the control plane (a service)"),
    ):
        commands.add_parser(name, help=words).set_defaults(run=run)
    _add_config_commands(commands.add_parser("config", help="check, apply or roll back a configuration"))
    status = commands.add_parser("status", help="how this Pi is")
    status.add_argument("--json", action="store_true")
    status.set_defaults(run=_status)
    selftest = commands.add_parser("selftest", help="is everything here that the services need?")
    selftest.set_defaults(run=_selftest)
    return parser


def _add_config_commands(parser: argparse.ArgumentParser) -> None:
    commands = parser.add_subparsers(metavar="ACTION", required=True)
    check = commands.add_parser("check", help="name every fault of a configuration")
    apply = commands.add_parser("apply", help="put a configuration in force, if its stream comes up")
    rollback = commands.add_parser("rollback", help="put the previous configuration in force again")
    for command in (check, apply):
        command.add_argument("file", metavar="FILE", help="- reads standard input")
    for command in (apply, rollback):
        command.add_argument("--timeout", type=_seconds, default=DEFAULT_TIMEOUT_SECONDS, metavar="SECONDS")
        command.add_argument("--check", action="store_true", help="decide and show, but try and change nothing")
    for command in (check, apply, rollback):
        command.add_argument("--json", action="store_true", help="print one JSON object on one line")
    apply.add_argument("--next-version", action="store_true", help="number the configuration itself")
    check.set_defaults(run=_config_check)
    apply.set_defaults(run=_config_apply)
    rollback.set_defaults(run=_config_rollback)


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 1 <= seconds <= 300:
        raise argparse.ArgumentTypeError("must be 1 to 300 seconds")
    return seconds


def _run_stream(_options: argparse.Namespace) -> int:
    from pi_service.stream.service import main as run

    return run()


def _run_api(_options: argparse.Namespace) -> int:
    from pi_service.api_server import main as run  # each unit loads only what it needs: they share 1 GB of memory

    return run()


def _run_agent(_options: argparse.Namespace) -> int:
    from pi_service.agent import main as run

    return run()


def _config_check(options: argparse.Namespace) -> int:
    faults = ConfigManager(Paths.from_environment()).check(_read(options.file))
    if options.json:
        _say(json.dumps({"valid": not faults, "faults": [vars(fault) for fault in faults]}))
    elif not faults:
        _say("valid")
    for fault in [] if options.json else faults:
        _say_error(str(fault))
    return 1 if faults else 0


def _config_apply(options: argparse.Namespace) -> int:
    outcome = ConfigManager(Paths.from_environment()).apply(
        _read(options.file),
        timeout_seconds=options.timeout,
        check_only=options.check,
        next_version=options.next_version,
    )
    return _report(outcome, as_json=options.json)


def _config_rollback(options: argparse.Namespace) -> int:
    manager = ConfigManager(Paths.from_environment())
    return _report(manager.rollback(timeout_seconds=options.timeout, check_only=options.check), as_json=options.json)


def _report(outcome: Outcome, *, as_json: bool) -> int:
    if as_json:
        _say(json.dumps(outcome.document()))
        return outcome.exit_code
    say = _say if outcome.exit_code == 0 else _say_error
    versions = f"version {outcome.old_version} -> {outcome.new_version}" if outcome.new_version else "nothing changed"
    say(f"{outcome.result}: {versions}" + (f" ({outcome.reason})" if outcome.reason else ""))
    for fault in outcome.faults:
        say(f"  {fault}")
    return outcome.exit_code


def _status(options: argparse.Namespace) -> int:
    from pi_service import status_report

    report = status_report.gather(Paths.from_environment())
    for line in [json.dumps(report)] if options.json else status_report.lines(report):
        _say(line)
    return 0


def _selftest(_options: argparse.Namespace) -> int:
    from pi_service import selftest

    checks = selftest.run(Paths.from_environment())
    for check in checks:
        _say(str(check))
    return 1 if any(check.ok is False for check in checks) else 0


def _read(file: str) -> bytes:
    return sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def _say_error(line: str) -> None:
    sys.stderr.write(f"{line}\n")
