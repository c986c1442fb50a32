"""The hands of self-healing: systemd, the stream's socket, the configuration file."""

from __future__ import annotations

import json
import os
import socketserver
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pi_service.atomic_files import write_json
from pi_service.healing.actions import PiActions
from pi_service.paths import Paths
from pi_service.self_healing import ActionError


class TestTheRealHands:
    @pytest.fixture
    def systemctl(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[str]]:
        """A systemctl that writes down what it is asked. The file `state` answers `show`; `refuse`: it fails."""
        directory = tmp_path / "bin"
        directory.mkdir()
        program = directory / "systemctl"
        program.write_text(
            "#!/bin/sh\n"
            f'echo "$*" >> {directory}/asked\n'
            f'[ "$1" = show ] && {{ cat {directory}/state; exit 0; }}\n'
            f"[ -e {directory}/refuse ] && {{ echo 'Access denied' >&2; exit 1; }}\n"
            "exit 0\n"
        )
        program.chmod(0o755)
        (directory / "state").write_text("active\n")
        monkeypatch.setenv("PATH", f"{directory}:{os.environ['PATH']}")
        return lambda: (directory / "asked").read_text().splitlines()

    @pytest.fixture
    def hands(self, paths: Paths) -> PiActions:
        return PiActions(paths, lambda: None)

    @pytest.mark.parametrize(
        ("action", "asked"),
        [
            ("restart_stream", "restart carwash-stream.service"),
            ("restart_api", "restart carwash-snapshot.service"),
            ("vacuum_journal", "start carwash-journal-vacuum.service"),
            ("reboot", "reboot"),
        ],
    )
    def test_systemd_is_asked_without_waiting_and_without_a_password(
        self, hands: PiActions, systemctl: Callable[[], list[str]], action: str, asked: str
    ) -> None:
        hands.perform(action, "because")
        assert systemctl()[-1] == f"--no-ask-password --no-block {asked}"

    def test_a_refusal_is_told_in_systemd_s_words(
        self, hands: PiActions, systemctl: Callable[[], list[str]], tmp_path: Path
    ) -> None:
        (tmp_path / "bin" / "refuse").touch()
        with pytest.raises(ActionError, match="Access denied"):
            hands.perform("restart_api", "because")

    def test_a_unit_stopped_by_hand_stays_stopped(
        self, hands: PiActions, systemctl: Callable[[], list[str]], tmp_path: Path
    ) -> None:
        (tmp_path / "bin" / "state").write_text("inactive\n")
        with pytest.raises(ActionError, match="stopped by hand"):
            hands.perform("restart_stream", "because")
        assert all("restart" not in line for line in systemctl())

    def test_without_systemd_the_action_fails_and_nothing_else(
        self, hands: PiActions, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("PATH", "/nowhere")
        with pytest.raises(ActionError, match="systemctl"):
            hands.perform("reboot", "because")

    def test_the_agent_restarts_itself_by_ending(self, hands: PiActions) -> None:
        hands.perform("restart_agent", "because")
        assert hands.exit_wanted

    def test_the_stream_is_asked_over_its_socket(self, paths: Paths, hands: PiActions) -> None:
        asked: list[dict[str, Any]] = []

        class Stream(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                asked.append(json.loads(self.rfile.readline()))
                answer = {"ok": asked[-1]["op"] == "restart", "reason": "busy"}
                self.wfile.write(json.dumps(answer).encode() + b"\n")

        with socketserver.UnixStreamServer(str(paths.stream_socket), Stream) as server:
            threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
            hands.perform("restart_ffmpeg", "silent")
            with pytest.raises(ActionError, match="busy"):
                hands.set_interval(24)
            server.shutdown()
        assert asked == [{"op": "restart", "why": "silent"}, {"op": "throttle", "interval_seconds": 24}]

    def test_without_a_stream_its_restart_fails_with_a_sentence(self, hands: PiActions) -> None:
        with pytest.raises(ActionError, match="is carwash-stream running"):
            hands.perform("restart_ffmpeg", "silent")

    @pytest.mark.parametrize("damaged", [b"", b"{", b'{"version": 1}', None])
    def test_a_damaged_configuration_is_restored_and_kept_for_inspection(
        self, paths: Paths, hands: PiActions, config_document: dict[str, Any], damaged: bytes | None
    ) -> None:
        write_json(paths.last_good_config, config_document)
        if damaged is not None:
            paths.config.write_bytes(damaged)
        hands.perform("restore_config", "because")
        assert json.loads(paths.config.read_bytes()) == config_document
        if damaged is not None:
            assert paths.config.with_name("config.json.damaged").read_bytes() == damaged

    def test_a_configuration_that_was_mended_meanwhile_is_left_alone(
        self, paths: Paths, hands: PiActions, config_document: dict[str, Any]
    ) -> None:
        write_json(paths.last_good_config, config_document)
        write_json(paths.config, config_document | {"version": 2})
        hands.perform("restore_config", "because")
        assert json.loads(paths.config.read_bytes())["version"] == 2

    def test_the_previous_configuration_serves_where_the_spare_is_damaged_too(
        self, paths: Paths, hands: PiActions, config_document: dict[str, Any]
    ) -> None:
        paths.last_good_config.write_bytes(b"damaged")
        write_json(paths.previous_config, config_document)
        hands.perform("restore_config", "because")
        assert json.loads(paths.config.read_bytes()) == config_document

    def test_with_nothing_good_left_the_damaged_one_stays(self, paths: Paths, hands: PiActions) -> None:
        paths.config.write_bytes(b"damaged")
        with pytest.raises(ActionError, match="apply a configuration anew"):
            hands.perform("restore_config", "because")
        assert paths.config.read_bytes() == b"damaged"
