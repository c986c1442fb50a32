"""What a run is given: hosts, variables, an environment, a key. And what is refused before anything starts."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from tempfile import gettempdir
from typing import Any

import pytest

from control_ui.runner.ansible import RunStatus, run_playbook
from control_ui.runner.artifacts import read_events
from control_ui.runner.request import RequestError
from control_ui.runner.ssh_keys import KeyFileError
from tests.control_ui.runner.conftest import MakeRequest, Play

TOKEN = "t0ken-of-the-inventory"
TRICKY = [
    'it\'s "quoted" \\ with ünïcödé 🚗 and \x7f and \u2028',
    "{{ lookup('ansible.builtin.pipe', 'id') }}",
    "{% raw %}",
    "true",
    "5",
    "!unsafe [a: b",
    ["{{ 1 + 1 }}", {"{{ 2 + 3 }}": "{{ 1 + 1 }}", "deep": [None, 5, 1.5, True]}],
]


def shown(play: Play, text: Any, **options: Any) -> Any:
    (event,) = play("show", "quick-1", extra_variables={"text": text}, **options).of("runner_on_ok", "quick-1")
    return event.result["msg"]


@pytest.mark.parametrize("text", TRICKY, ids=range(len(TRICKY)))
def test_a_variable_arrives_as_it_was_given_and_is_never_a_template(play: Play, text: Any) -> None:
    assert shown(play, text) == text


def test_350_hosts_are_all_reached_and_no_other(play: Play) -> None:
    hosts = [f"many-{number:03}" for number in range(1, 351)]
    run = play("show", *hosts, extra_variables={"text": "x"}, forks=20)
    assert run.outcome.status is RunStatus.SUCCESSFUL
    assert sorted(run.results) == hosts


def test_a_host_that_the_inventory_does_not_know_gets_no_result_and_the_others_do(play: Play) -> None:
    run = play("show", "quick-1", "nowhere-1", extra_variables={"text": "x"})
    assert list(run.results) == ["quick-1"]
    assert any("nowhere-1" in event.stdout for event in run.events)


def test_where_no_host_is_known_ansible_s_reason_is_the_run_s_error(play: Play) -> None:
    run = play("show", "nowhere-1", extra_variables={"text": "x"})
    assert (run.outcome.status, run.outcome.return_code) == (RunStatus.FAILED, 1)
    assert "leaves us with no hosts to target" in run.outcome.error


def test_a_variable_that_is_missing_is_named_by_the_host_that_needed_it(play: Play) -> None:
    run = play("show", "quick-1", extra_variables={})
    assert run.outcome.status is RunStatus.FAILED
    assert "'text' is undefined" in run.results["quick-1"].message


def test_a_run_sees_its_environment_and_nothing_of_the_worker_s_own(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_KEY", "of-the-control-plane")
    run = play(
        "environment", "quick-1", environment={"CARWASH_INVENTORY_TOKEN": TOKEN, "CARWASH_CONTROL_URL": "http://x"}
    )
    names, lengths = (event.result["msg"] for event in run.of("runner_on_ok", "quick-1"))
    assert {"CARWASH_INVENTORY_TOKEN", "CARWASH_CONTROL_URL", "CARWASH_REPORTS_DIRECTORY"} <= set(names.split())
    assert "SECRET_KEY" not in names
    assert lengths == f"*** has {len(TOKEN)} characters and http://x has 8"


def test_a_token_is_in_no_file_and_in_no_event(play: Play) -> None:
    run = play(
        "environment", "quick-1", environment={"CARWASH_INVENTORY_TOKEN": TOKEN, "CARWASH_CONTROL_URL": "http://x"}
    )
    private = run.request.private_data_dir
    assert not [path for path in private.rglob("*") if path.is_file() and TOKEN in path.read_text()]
    assert TOKEN not in repr(run.events)
    assert TOKEN not in repr(list(read_events(private)))


def test_the_files_of_a_run_are_its_owner_s_alone(play: Play) -> None:
    private = play("show", "quick-1", extra_variables={"text": "x"}).request.private_data_dir
    assert private.stat().st_mode & 0o077 == 0
    files = [path for path in private.iterdir() if path.is_file()]
    assert files
    assert not [path for path in files if path.stat().st_mode & 0o077]


def test_ssh_s_sockets_lie_where_their_paths_are_short(
    play: Play, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    deep = tmp_path / ("d" * 100)
    deep.mkdir()
    monkeypatch.setattr("control_ui.runner.workspace.PLACES", (str(deep), "/nowhere", gettempdir()))
    (event,) = play("sockets", "quick-1").of("runner_on_ok", "quick-1")
    directory = event.result["msg"]
    assert directory.startswith(f"{gettempdir()}/cw-")
    assert len(f"{directory}/{'c' * 40}.{'x' * 16}") <= 107
    assert not Path(directory).exists()


def test_where_no_place_is_short_enough_the_run_is_refused(
    make_request: MakeRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("control_ui.runner.workspace.PLACES", ("/nowhere", str(tmp_path / ("d" * 100))))
    with pytest.raises(RequestError, match=r"none of /nowhere, .* is writable and short enough for ssh's sockets"):
        run_playbook(make_request("show", "quick-1"), lambda _: None, lambda: False)


@pytest.mark.parametrize("name", ["none", "../ansible", "show.yml", "-i", ""])
def test_a_playbook_that_is_not_there_is_refused(make_request: MakeRequest, name: str) -> None:
    with pytest.raises(RequestError, match="there is no playbook"):
        make_request(name, "quick-1").verify()


@pytest.mark.parametrize(
    "host", ["all", "ungrouped", "quick-1,quick-2", "!quick-1", "~.*", "quick*", "@file", "-i", ""]
)
def test_a_pattern_is_not_the_name_of_a_host(make_request: MakeRequest, host: str) -> None:
    with pytest.raises(RequestError, match="is not the name of a host"):
        make_request("show", "quick-1", host).verify()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"inventory": Path("/nowhere/hosts.yml")}, "the inventory /nowhere/hosts.yml does not exist"),
        ({"forks": 0}, "forks .0. must be at least 1"),
        ({"timeout_seconds": 0}, "timeout_seconds .0. positive"),
    ],
)
def test_what_cannot_be_done_is_refused_by_a_sentence(
    make_request: MakeRequest, options: Mapping[str, Any], sentence: str
) -> None:
    with pytest.raises(RequestError, match=sentence):
        make_request("show", "quick-1", **options).verify()


def test_no_hosts_are_not_all_hosts(make_request: MakeRequest) -> None:
    with pytest.raises(RequestError, match="no hosts were named"):
        run_playbook(make_request("show"), lambda _: None, lambda: False)


def test_a_private_data_directory_serves_one_run_only(make_request: MakeRequest) -> None:
    request = make_request("show", "quick-1", extra_variables={"text": "x"})
    run_playbook(request, lambda _: None, lambda: False)
    with pytest.raises(RequestError, match="was used by another run"):
        run_playbook(request, lambda _: None, lambda: False)


def test_an_environment_that_is_too_large_to_hand_over_is_refused(make_request: MakeRequest) -> None:
    with pytest.raises(RequestError, match="at most 32768 can be handed over"):
        run_playbook(make_request("show", "quick-1", environment={"A": "x" * 40_000}), lambda _: None, lambda: False)


@pytest.fixture
def key(tmp_path: Path) -> Path:
    path = tmp_path / "id_ed25519"
    path.write_text("a key")
    path.chmod(0o600)
    return path


def test_a_key_that_others_can_read_is_refused_with_the_way_to_mend_it(make_request: MakeRequest, key: Path) -> None:
    key.chmod(0o640)
    with pytest.raises(KeyFileError, match=r"can be read by others \(mode 0640\); run: chmod 600"):
        make_request("show", "quick-1", ssh_key_file=key).verify()


def test_a_key_that_is_no_file_is_refused(make_request: MakeRequest, key: Path) -> None:
    with pytest.raises(KeyFileError, match="No such file"):
        make_request("show", "quick-1", ssh_key_file=key.with_name("none")).verify()
    with pytest.raises(KeyFileError, match="is not a file"):
        make_request("show", "quick-1", ssh_key_file=key.parent).verify()


def test_a_key_that_the_worker_cannot_read_is_refused(
    make_request: MakeRequest, key: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(KeyFileError, match="cannot be read by the worker's user"):
        make_request("show", "quick-1", ssh_key_file=key).verify()


def test_ansible_is_told_which_key_to_use(play: Play, key: Path) -> None:
    (event,) = play("key", "quick-1", ssh_key_file=key).of("runner_on_ok", "quick-1")
    assert event.result["msg"] == str(key)
