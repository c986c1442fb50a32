"""Two virtual sites, really booted: what `up`, `fault`, `heal` and `down` promise about the machine they run on."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from virtual_fleet import cgroups, cli, container, leftovers, network, timecode
from virtual_fleet.errors import FleetError
from virtual_fleet.fleet import Fleet
from virtual_fleet.places import REPOSITORY, STATE_ROOT

NAME = "selftest"

pytestmark = pytest.mark.fleet


@pytest.fixture(scope="module")
def fleet() -> Iterator[Fleet]:
    fleet = Fleet(NAME)
    fleet.down()
    fleet.up(sites=2)
    try:
        yield fleet
    finally:
        fleet.down()


def traces() -> dict[str, object]:
    """Everything of the fleet on this machine; all of it empty when there is nothing."""
    links = subprocess.run(["ip", "-brief", "link"], capture_output=True, text=True, check=True).stdout
    return {
        "processes": cgroups.pids(NAME),
        "mounts": leftovers.mounts_of(NAME),
        "namespaces": network.namespaces(NAME),
        "links": [line.split()[0] for line in links.splitlines() if NAME in line],
        "groups": [str(tree) for tree in cgroups.hierarchies() if (tree / "virtual-fleet" / NAME).exists()],
        "files": (STATE_ROOT / NAME).exists(),
    }


def ssh(fleet: Fleet, site: str, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*fleet.ssh_command(site), *command], capture_output=True, text=True, timeout=30, check=False)


def watch_camera(fleet: Fleet, site: str) -> subprocess.CompletedProcess[str]:
    """One picture of the site's camera, fetched inside the site."""
    command = ["ffmpeg", "-v", "error", "-rtsp_transport", "tcp", "-timeout", "2000000", "-probesize", "5000"]
    return fleet.run(
        site, [*command, "-i", fleet.site(site).camera_url, "-frames:v", "1", "-f", "null", "-"], timeout=20
    )


def wait_until(condition: Callable[[], bool]) -> None:
    """Return when a fact about processes holds, for which the kernel sends no event. Bounded."""
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_systemd_runs_without_one_failed_unit(fleet: Fleet) -> None:
    for site in fleet.sites:
        assert fleet.run(site, ["systemctl", "is-system-running", "--wait"]).stdout.strip() == "running"


def test_an_engineer_logs_in_with_the_host_key_checked_and_becomes_root(fleet: Fleet) -> None:
    answers = [ssh(fleet, site.name, "hostname && sudo -n id -un") for site in fleet.sites]
    assert [answer.stdout.split() for answer in answers] == [[site.name, "root"] for site in fleet.sites]


def test_a_site_with_anothers_address_is_not_trusted(fleet: Fleet, tmp_path: Path) -> None:
    first, second = fleet.sites
    swapped = tmp_path / "known_hosts"
    known = (STATE_ROOT / NAME / "known_hosts").read_text()
    swapped.write_text(known.replace(f"{first.address},", "swap,").replace(f"{second.address},", f"{first.address},"))
    command = [word.replace(str(STATE_ROOT / NAME / "known_hosts"), str(swapped)) for word in fleet.ssh_command("1")]
    result = subprocess.run([*command, "true"], capture_output=True, text=True, timeout=30, check=False)
    assert "Host key verification failed" in result.stderr


def test_no_two_sites_share_a_host_key_or_a_machine_id(fleet: Fleet) -> None:
    for path in ("/etc/machine-id", "/etc/ssh/ssh_host_ed25519_key.pub"):
        contents = {fleet.run(site, ["cat", path]).stdout for site in fleet.sites}
        assert len(contents) == 2
        assert "" not in contents


def own_processes() -> list[int]:
    """The fleet's processes that are in no site: its cameras and what holds its namespaces."""
    ours = Path("/proc/self/ns/pid").readlink()
    found = []
    for pid in cgroups.pids(NAME):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            if Path(f"/proc/{pid}/ns/pid").readlink() == ours:
                found.append(pid)
    return found


def test_up_again_changes_nothing(fleet: Fleet) -> None:
    def standing() -> tuple[object, ...]:
        """Within a site processes come and go; what holds it is what this machine sees outside of it."""
        return [container.leader(site) for site in fleet.sites], own_processes(), fleet.inventory_path.read_text()

    before = standing()
    fleet.up(sites=2)
    assert standing() == before


def test_a_control_plane_may_be_named_later_and_is_remembered(fleet: Fleet) -> None:
    first, second = (site.name for site in fleet.sites)
    fleet.up(sites=2, control_url="http://192.0.2.1:8000", enrolment_tokens={first: "one"})
    fleet.up(sites=2, enrolment_tokens={second: "two"})
    hosts = yaml.safe_load(fleet.inventory_path.read_text())["all"]["children"]["pis"]["hosts"]
    assert {site["pi_service_setting_control_url"] for site in hosts.values()} == {"http://192.0.2.1:8000"}
    assert [site["pi_service_enrolment_token"] for site in hosts.values()] == ["one", "two"]


def test_a_package_is_removed_and_installed_without_a_network(fleet: Fleet) -> None:
    remove = "apt-get update && apt-get remove --yes ffmpeg && ! command -v ffmpeg"
    install = "apt-get install --yes --no-install-recommends ffmpeg"
    result = fleet.run("2", ["sh", "-ec", f"{remove} && {install}"], timeout=120)
    assert result.returncode == 0, result.stdout + result.stderr
    assert fleet.run("2", ["ffmpeg", "-version"]).returncode == 0


def test_a_site_has_no_way_out_of_this_machine(fleet: Fleet) -> None:
    assert "default" not in fleet.run("1", ["ip", "route"]).stdout


def test_a_site_sees_its_camera_with_a_fresh_picture(fleet: Fleet, tmp_path: Path) -> None:
    site = fleet.sites[0]
    command = ["ffmpeg", "-v", "error", "-rtsp_transport", "tcp", "-probesize", "5000", "-i", site.camera_url]
    to_file = ["-frames:v", "1", "-q:v", "3", "-y", "/root/picture.jpg"]
    assert fleet.run(site, [*command, *to_file], timeout=20).returncode == 0
    assert time.time() - timecode.read((site.root / "root/picture.jpg").read_bytes()) < 5


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("camera-off", "Connection timed out|No route to host"),
        ("camera-refuses", "Connection refused"),
        ("camera-password", "401 Unauthorized"),
        ("network-cut", "Connection timed out|No route to host|Network is unreachable"),
    ],
)
def test_a_fault_keeps_the_site_from_its_camera_until_it_is_healed(fleet: Fleet, kind: str, reason: str) -> None:
    fleet.fault(kind, "1")
    fleet.fault(kind, "1")
    assert list(fleet.status()[0].faults) == [kind]
    failed = watch_camera(fleet, "1")
    assert failed.returncode != 0
    assert any(part in failed.stderr for part in reason.split("|")), failed.stderr
    assert fleet.heal("1") == [kind]
    wait_until(
        lambda: watch_camera(fleet, "1").returncode == 0
    )  # a neighbour that was not there is asked for again later
    assert fleet.heal("1") == []


def test_a_slow_network_says_how_it_was_made_and_is_as_before_when_healed(fleet: Fleet) -> None:
    before = subprocess.run(["tc", "qdisc"], capture_output=True, text=True, check=True).stdout
    assert "mbit" in fleet.fault("network-slow", "1")
    assert subprocess.run(["tc", "qdisc"], capture_output=True, text=True, check=True).stdout != before
    fleet.heal("1")
    assert subprocess.run(["tc", "qdisc"], capture_output=True, text=True, check=True).stdout == before


def test_a_full_disk_is_the_sites_own(fleet: Fleet) -> None:
    free_here = os.statvfs("/var/lib").f_bavail
    fleet.fault("disk-full", "1")
    assert fleet.run("1", ["dd", "if=/dev/zero", "of=/root/more", "bs=4096", "count=1"]).returncode != 0
    assert os.statvfs("/var/lib").f_bavail > free_here * 0.9
    assert fleet.run("2", ["touch", "/root/other"]).returncode == 0
    fleet.heal("1")
    assert fleet.run("1", ["dd", "if=/dev/zero", "of=/root/more", "bs=4096", "count=1"]).returncode == 0


def test_a_power_cut_keeps_the_disk_and_healing_boots_the_site_again(fleet: Fleet) -> None:
    site = fleet.sites[0]
    identity = fleet.run(site, ["cat", "/etc/machine-id"]).stdout
    fleet.run(site, ["sh", "-c", "echo kept > /root/before; echo lost > /run/before"])
    fleet.fault("power-cut", site)
    with pytest.raises(FleetError, match="not running"):
        fleet.run(site, ["true"])
    fleet.heal(site)
    assert fleet.run(site, ["cat", "/root/before", "/etc/machine-id"]).stdout == f"kept\n{identity}"
    assert fleet.run(site, ["cat", "/run/before"]).returncode != 0
    assert ssh(fleet, site.name, "true").returncode == 0


def test_a_reboot_inside_boots_the_site_again(fleet: Fleet) -> None:
    site = fleet.sites[1]
    before = container.leader(site)
    ssh(fleet, site.name, "sudo systemctl reboot")
    deadline = time.monotonic() + 60
    while container.leader(site) in (before, None):
        assert time.monotonic() < deadline, site.console_log.read_text()[-2000:]
        time.sleep(0.1)
    container.wait_for_ssh(site)
    assert ssh(fleet, site.name, "hostname").stdout.strip() == site.name


def test_a_process_fault_meets_the_main_process_of_its_unit(fleet: Fleet) -> None:
    site = fleet.sites[0]
    unit = site.root / "etc/systemd/system/carwash-stream.service"
    unit.write_text("[Service]\nExecStart=/bin/sleep 1000\nRestart=always\nRestartSec=0\n")
    fleet.run(site, ["systemctl", "daemon-reload"])
    fleet.run(site, ["systemctl", "start", "carwash-stream"])
    try:
        fleet.fault("stream-killed", site)
        restarts = ["systemctl", "show", "--property=NRestarts", "--value", "carwash-stream"]
        deadline = time.monotonic() + 10
        while fleet.run(site, restarts).stdout.strip() != "1":
            assert time.monotonic() < deadline
            time.sleep(0.1)
    finally:
        fleet.heal(site)
        fleet.run(site, ["systemctl", "stop", "carwash-stream"])
        unit.unlink()


def test_status_shows_sites_faults_and_nothing_left_behind(fleet: Fleet, capsys: pytest.CaptureFixture[str]) -> None:
    fleet.fault("camera-frozen", "2")
    try:
        assert cli.main(["status", "--name", NAME]) == 0
        first, second = capsys.readouterr().out.splitlines()[1:3]
    finally:
        fleet.heal("2")
    assert first.split() == ["cw-selftest-001", fleet.sites[0].address, "yes", "yes", "normal", "-"]
    assert "camera-frozen" in second


def test_up_repairs_what_a_hard_kill_left_and_down_leaves_nothing(fleet: Fleet) -> None:
    site = fleet.sites[0]
    cgroups.kill(NAME, site.name, "camera")
    (nspawn,) = container.processes(site, "systemd-nspawn")
    os.kill(nspawn, signal.SIGKILL)
    wait_until(lambda: not container.is_whole(site))
    assert container.leader(site) is not None, "the orphan lives on; that is the trap"
    assert any(site.name in sentence and "orphan" in sentence for sentence in leftovers.find())
    fleet.up(sites=2)
    assert ssh(fleet, site.name, "true").returncode == 0
    assert watch_camera(fleet, "1").returncode == 0
    fleet.down()
    assert not any(traces().values()), traces()


def test_down_clears_a_fleet_whose_up_was_killed_and_whose_state_is_lost() -> None:
    command = [sys.executable, "-m", "virtual_fleet", "up", "--name", NAME, "--sites", "6", "--bare"]
    with subprocess.Popen(command, cwd=REPOSITORY, stderr=subprocess.DEVNULL, start_new_session=True) as process:
        wait_until(lambda: len(cgroups.pids(NAME)) > 3)
        os.killpg(process.pid, signal.SIGKILL)
    (STATE_ROOT / NAME / "fleet.json").unlink()
    assert any(f"fleet '{NAME}'" in sentence for sentence in leftovers.find())
    Fleet(NAME).down()
    assert not any(traces().values()), traces()
    assert not any(f"'{NAME}'" in sentence for sentence in leftovers.find())
