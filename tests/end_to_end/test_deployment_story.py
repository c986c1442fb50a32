"""From registration to evidence, through the API alone: a change that works, one that does not, and the proof of
both."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.end_to_end.conftest import FINAL_RUNS, INTERVAL_SECONDS, World
from virtual_fleet.ansible import REPOSITORY
from virtual_fleet.control_api import HERE

pytestmark = pytest.mark.fleet

VERIFIER = REPOSITORY / "tools" / "verify_evidence.py"


def verify(pack: Path, key: Path) -> subprocess.CompletedProcess[str]:
    """Run the verifier as an auditor would: alone, in an empty folder."""
    command = [sys.executable, "-I", str(VERIFIER), str(pack), str(key)]
    return subprocess.run(command, cwd=pack.parent, capture_output=True, text=True, timeout=120, check=False)


def with_one_byte_changed(pack: Path, member: str, before: bytes, after: bytes) -> Path:
    """A copy of a pack in which `member` has `after` where the first `before` was."""
    assert len(before) == len(after)
    forged = pack.with_name(f"forged-{pack.name}")
    with zipfile.ZipFile(pack) as source, zipfile.ZipFile(forged, "w") as target:
        for info in source.infolist():
            content = source.read(info)
            if info.filename == member:
                assert before in content
                content = content.replace(before, after, 1)
            target.writestr(info, content)
    return forged


def test_every_site_has_registered_by_itself_and_is_watched(world: World) -> None:
    for site in world.fleet.sites:
        device = world.device(site.name)
        status = world.api.get(f"/api/devices/{device['id']}/status")
        assert status["status"] in HERE
        assert world.fleet.run(site, ["test", "-e", "/etc/carwash/enrolment-token"]).returncode == 1


def test_a_change_reaches_every_site_with_results_and_evidence(world: World) -> None:
    template = world.template("reaches-all", jpeg_quality=77)
    deployment = world.deploy(template)
    assert deployment["state"] == "succeeded", deployment
    for site in world.fleet.sites:
        assert world.configuration_at(site.name)["jpeg_quality"] == 77
    rows = world.api.items(f"/api/deployments/{deployment['id']}/devices")
    assert {row["progress"] for row in rows} == {"applied"}
    assert all(row["evidence"]["config_version"] == row["config_version"] for row in rows)
    (run,) = world.api.items("/api/runs", deployment_id=deployment["id"])
    ended = world.api.wait_for(f"/api/runs/{run['id']}", lambda one: one["state"] in FINAL_RUNS, timeout=60)
    assert ended["state"] == "succeeded"
    hosts = world.api.items(f"/api/runs/{run['id']}/hosts")
    assert {host["host"] for host in hosts} == {site.name for site in world.fleet.sites}
    assert {host["outcome"] for host in hosts} <= {"changed", "ok"}


def test_a_refusal_stops_the_deployment_and_the_changed_sites_are_back(world: World, tmp_path: Path) -> None:
    template = world.template("goes-wrong", jpeg_quality=70)
    assert world.deploy(template)["state"] == "succeeded"
    before = {site.name: world.configuration_at(site.name) for site in world.fleet.sites}
    victim = world.fleet.sites[-1]
    _point_at_a_camera_that_is_not_there(world, victim.name, victim.camera_address)
    number = world.new_version(template, jpeg_quality=60)
    deployment = world.deploy(
        template,
        version=number,
        strategy="waves",
        parameters={"waves": ["50%", "100%"], "failure_threshold_percent": 0},
    )
    assert deployment["state"] == "rolled back", deployment
    assert victim.name in deployment["stop_reason"]
    after = {site.name: world.configuration_at(site.name) for site in world.fleet.sites}
    for name, document in after.items():
        assert _content(document) == _content(before[name]), name
        assert document["version"] >= before[name]["version"]
    progress = world.progress(deployment["id"])
    assert progress[victim.name] == "failed"
    assert "rolled back" in progress.values()
    _clear_override(world, victim.name)
    _check_evidence(world, tmp_path, deployment["id"])


def _check_evidence(world: World, directory: Path, deployment: int) -> None:
    world.plane.command("evidence", "keygen")
    key, pack = directory / "public.pem", directory / "evidence.zip"
    key.write_text(world.plane.command("evidence", "public-key"))
    now = datetime.now(UTC)
    period = {"from": (now - timedelta(days=1)).isoformat(), "to": (now + timedelta(minutes=1)).isoformat()}
    pack.write_bytes(world.api.request("POST", "/api/reports/evidence", json=period).content)
    whole = verify(pack, key)
    assert (whole.returncode, "valid" in whole.stdout) == (0, True), whole.stdout + whole.stderr
    with zipfile.ZipFile(pack) as archive:
        (entries,) = [name for name in archive.namelist() if name.endswith("entries.jsonl")]
        lines = archive.read(entries).splitlines()
        for site in world.fleet.sites:
            for name in archive.namelist():
                assert site.camera_password.encode() not in archive.read(name), name
    line = next(line for line in lines if b'"goes-wrong"' in line)
    forged = with_one_byte_changed(pack, entries, b'"goes-wrong"', b'"goes-right"')
    result = verify(forged, key)
    assert result.returncode == 1
    assert f"entry {_sequence(line)}" in result.stdout + result.stderr


def _sequence(line: bytes) -> int:
    return int(json.loads(line)["sequence"])


def _content(document: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in document.items() if name != "version"}


def _point_at_a_camera_that_is_not_there(world: World, name: str, camera_address: str) -> None:
    override = {"rtsp_url": f"rtsp://{camera_address}:5999/nobody", "snapshot_interval_seconds": INTERVAL_SECONDS}
    _override(world, name, override)


def _clear_override(world: World, name: str) -> None:
    _override(world, name, {})


def _override(world: World, name: str, override: dict[str, object]) -> None:
    path = f"/api/devices/{world.device(name)['id']}/config"
    response = world.api.request("GET", path)
    world.api.put(path, {"config_override": override}, response.headers["ETag"])
