"""The commands: `python -m virtual_fleet up|status|down|fault|heal|faults|exec|image|demo|drill`."""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from virtual_fleet import container, faults, fleet, image, leftovers, state
from virtual_fleet.commands import require_packages
from virtual_fleet.errors import FleetError
from virtual_fleet.fleet import Fleet


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0 done, 1 with a sentence on standard error, 2 for wrong usage."""
    options = _parser().parse_args(arguments)
    command: Callable[[argparse.Namespace], int] = options.command
    try:
        if command is not list_faults:
            fleet.require_root()
        return command(options)
    except FleetError as failure:
        sys.stderr.write(f"virtual_fleet: {failure}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("virtual_fleet: interrupted; `status` shows what is there, `up` goes on, `down` clears it\n")
        return 130


def up(options: argparse.Namespace) -> int:
    Fleet(options.name).up(
        sites=options.sites,
        bare=options.bare,
        inventory_path=options.inventory,
        interval_seconds=options.interval,
        disk_megabytes=options.disk_megabytes,
    )
    return 0


def status(options: argparse.Namespace) -> int:
    names = [options.name] if options.name else [remembered.name for remembered in state.known_fleets()]
    for name in names:
        _print(_status_table(name))
    if not names:
        _print("no fleet is up")
    for sentence in leftovers.find():
        _print(sentence)
    return 0


def down(options: argparse.Namespace) -> int:
    if options.all:
        names = fleet.down_all()
        _print(f"ended: {', '.join(names) or 'nothing, there was no fleet'}")
    else:
        Fleet(options.name).down()
        _print(f"fleet {options.name!r} is down; nothing of it is left")
    return 0


def fault(options: argparse.Namespace) -> int:
    note = Fleet(options.name).fault(options.kind, options.site, options.value)
    _print(f"{options.kind} on {options.site}: {note}")
    return 0


def heal(options: argparse.Namespace) -> int:
    lifted = Fleet(options.name).heal(options.site)
    _print(f"{options.site}: {', '.join(lifted) + ' lifted' if lifted else 'had no fault'}")
    return 0


def list_faults(_options: argparse.Namespace) -> int:
    width = max(map(len, faults.FAULTS))
    for kind, one in sorted(faults.FAULTS.items()):
        _print(f"{kind.ljust(width)}  {one.sentence}")
    return 0


def execute(options: argparse.Namespace) -> int:
    words = options.words[1:] if options.words[:1] == ["--"] else options.words
    if not words:
        raise FleetError(f"what shall run on {options.site}? Write: exec {options.site} -- COMMAND ...")
    return subprocess.run(container.inside(Fleet(options.name).site(options.site), words), check=False).returncode


def build_image(_options: argparse.Namespace) -> int:
    require_packages()
    _print(str(image.ensure()))
    return 0


def demo(options: argparse.Namespace) -> int:
    from virtual_fleet.demo import run  # the other commands need none of what the demo brings along

    return run(sites=options.sites)


def demo_deployment(_options: argparse.Namespace) -> int:
    from virtual_fleet.demo import deploy

    return deploy()


def drill(options: argparse.Namespace) -> int:
    from virtual_fleet.drill import run  # as with the demo

    return run(sites=options.sites)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m virtual_fleet", description="A fleet of car washes in a box.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, command: Callable[[argparse.Namespace], int], text: str) -> argparse.ArgumentParser:
        subparser = commands.add_parser(name, help=text, description=text)
        subparser.set_defaults(command=command)
        return subparser

    _add_lifecycle(add)
    for name, command, text in (("fault", fault, "make a site suffer"), ("heal", heal, "lift every fault of a site")):
        subparser = add(name, command, text)
        if name == "fault":
            subparser.add_argument("kind", metavar="KIND", help="`faults` lists them")
        subparser.add_argument("site", metavar="SITE", help="name or number")
        if name == "fault":
            subparser.add_argument("value", metavar="VALUE", nargs="?", help="for kinds that take one")
        subparser.add_argument("--name", default="demo")
    add("faults", list_faults, "list the kinds of faults")
    subparser = add("exec", execute, "run a command as root inside a site")
    subparser.add_argument("--name", default="demo")
    subparser.add_argument("site", metavar="SITE")
    subparser.add_argument("words", metavar="COMMAND", nargs=argparse.REMAINDER)
    add("image", build_image, "build the base image, if there is none, and print where it is")
    add("demo", demo, "boot, provision, fetch a picture from each site").add_argument("--sites", type=int, default=3)
    add("demo-deployment", demo_deployment, "begin a deployment to the demo's sites that can be watched")
    text = "break everything that can break, under the whole monitoring stack, and tell who mended it"
    add("drill", drill, text).add_argument("--sites", type=int, default=10)
    return parser


def _add_lifecycle(add: Callable[[str, Callable[[argparse.Namespace], int], str], argparse.ArgumentParser]) -> None:
    subparser = add("up", up, "boot sites; what runs already is left alone")
    subparser.add_argument("--sites", type=int, default=3, metavar="N")
    subparser.add_argument("--name", default="demo", help="of the fleet; several live side by side")
    subparser.add_argument("--bare", action="store_true", help="systemd and sshd only, no cameras")
    subparser.add_argument("--inventory", type=Path, metavar="PATH", help="hosts file to write")
    subparser.add_argument("--interval", type=float, metavar="SECONDS", help="between pictures, set in the inventory")
    subparser.add_argument("--disk-megabytes", type=int, metavar="MB", help="size of each site's disk (default 384)")
    subparser = add("status", status, "show every site, and what was left behind")
    subparser.add_argument("--name", help="only this fleet")
    subparser = add("down", down, "end a fleet and remove all of it")
    subparser.add_argument("--name", default="demo")
    subparser.add_argument("--all", action="store_true", help="every fleet on this machine, remembered or not")


def _status_table(name: str) -> str:
    lines = [("SITE", "ADDRESS", "RUNS", "SSH", "CAMERA", "FAULTS")]
    for one in Fleet(name).status():
        notes = "; ".join(f"{kind} ({note})" for kind, note in one.faults.items()) or "-"
        runs, ssh = ("yes" if fact else "no" for fact in (one.running, one.ssh))
        lines.append((one.site.name, one.site.address, runs, ssh, one.camera, notes))
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )


def _print(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
