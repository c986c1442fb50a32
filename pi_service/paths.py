"""Where everything lies on a Pi. The environment may move each place, which is how tests run beside each other."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

DEFAULT_LISTEN = "0.0.0.0:8080"


@dataclass(frozen=True)
class Paths:
    """Files and directories of one Pi, read once from the environment."""

    config: Path
    run_dir: Path
    state_dir: Path

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Paths:
        return cls(
            config=Path(environment.get("CARWASH_CONFIG", "/etc/carwash/config.json")),
            run_dir=Path(environment.get("CARWASH_RUN_DIR", "/run/carwash")),
            state_dir=Path(environment.get("CARWASH_STATE_DIR", "/var/lib/carwash")),
        )

    @property
    def previous_config(self) -> Path:
        """The configuration in force before the present one."""
        return self.config.with_name(self.config.name + ".previous")

    @property
    def last_good_config(self) -> Path:
        """A second copy of the configuration in force, from which a corrupted file is restored."""
        return self.state_dir / "config.last-good.json"

    @property
    def snapshot_image(self) -> Path:
        return self.run_dir / "snapshot.jpg"

    @property
    def snapshot_metadata(self) -> Path:
        return self.run_dir / "snapshot.json"

    @property
    def history_dir(self) -> Path:
        """The ring of recent pictures: `<sequence>.jpg` beside `<sequence>.json`."""
        return self.run_dir / "history"

    @property
    def stream_state(self) -> Path:
        """What the stream unit says about itself."""
        return self.run_dir / "stream.json"

    @property
    def agent_state(self) -> Path:
        """What the agent unit says about itself."""
        return self.run_dir / "agent.json"

    @property
    def stream_socket(self) -> Path:
        """Unix socket on which the stream unit takes requests (trial, commit, restart, throttle, status)."""
        return self.run_dir / "stream.sock"

    @property
    def backlog_dir(self) -> Path:
        """What could not be sent to the control plane yet."""
        return self.state_dir / "backlog"


def listen_address(environment: Mapping[str, str] = os.environ) -> tuple[str, int]:
    """Host and port of the snapshot API, from `CARWASH_LISTEN` (`host:port`). Raises ValueError with a sentence."""
    text = environment.get("CARWASH_LISTEN", DEFAULT_LISTEN)
    host, separator, port = text.rpartition(":")
    if not separator or not port.isdigit() or not 0 <= int(port) <= 65535:
        raise ValueError(f"CARWASH_LISTEN is {text!r}; it must be host:port, for example {DEFAULT_LISTEN}")
    return host.strip("[]"), int(port)
