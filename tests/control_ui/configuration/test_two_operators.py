"""Two people edit one template: one of them is told, and nobody's work is lost."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.control_ui.configuration.conftest import Office

OURS = {"jpeg_quality": 60}
THEIRS = {"jpeg_quality": 70, "max_width": 800}


@pytest.fixture
def path(office: Office) -> str:
    template_id = office.post("/templates", {"name": "standard", "body": {}}).get_json()["id"]
    return f"/templates/{template_id}"


def bodies(office: Office, path: str) -> list[Any]:
    numbers = [one["number"] for one in office.get(f"{path}/versions").get_json()["items"]]
    return [office.get(f"{path}/versions/{number}").get_json()["body"] for number in sorted(numbers)]


@pytest.mark.parametrize(("first", "second"), [(OURS, THEIRS), (THEIRS, OURS)])
def test_the_second_is_told_reads_again_and_loses_nothing(
    office: Office, path: str, first: dict[str, Any], second: dict[str, Any]
) -> None:
    one, other = office.get(path), office.get(path)
    assert office.put(path, {"body": first}, one.headers["ETag"]).status_code == 200
    refused = office.put(path, {"body": second}, other.headers["ETag"])
    assert (refused.status_code, refused.mimetype) == (412, "application/problem+json")
    assert "read it again" in refused.get_json()["detail"]
    assert bodies(office, path) == [{}, first]
    read_again = office.get(path)
    assert read_again.get_json()["body"] == first, "the work of the first is there to be taken over"
    merged = read_again.get_json()["body"] | second
    assert office.put(path, {"body": merged}, read_again.headers["ETag"]).status_code == 200
    assert bodies(office, path) == [{}, first, merged]


def test_at_the_same_instant_one_writes_and_one_is_told(office: Office, path: str) -> None:
    etag = office.etag(path)
    start = threading.Barrier(2, timeout=10)

    def write(body: dict[str, Any]) -> int:
        start.wait()
        return office.put(path, {"body": body}, etag).status_code

    with ThreadPoolExecutor() as pool:
        statuses = list(pool.map(write, (OURS, THEIRS)))
    assert sorted(statuses) == [200, 412]
    assert bodies(office, path) == [{}, OURS if statuses[0] == 200 else THEIRS]


def test_two_overrides_of_a_device_at_the_same_instant(office: Office) -> None:
    path = f"/devices/{office.device.id}/config"
    etag = office.etag(path)
    start = threading.Barrier(2, timeout=10)

    def write(override: dict[str, Any]) -> int:
        start.wait()
        return office.put(path, {"config_override": override}, etag).status_code

    with ThreadPoolExecutor() as pool:
        statuses = list(pool.map(write, (OURS, THEIRS)))
    assert sorted(statuses) == [202, 412]
    assert office.get(path).get_json()["config_override"] == (OURS if statuses[0] == 202 else THEIRS)
