"""What is entered in the dialog that deploys, kept as it is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError
from werkzeug.datastructures import MultiDict

from control_ui.models.deployments import Strategy
from control_ui.services.deployments.parameters import DEFAULT_THRESHOLD_PERCENT, DEFAULT_WAVES, Parameters
from control_ui.services.deployments.request import DeployRequest
from control_ui.services.errors import Fault, InvalidError, ServiceError
from control_ui.views.api.schemas.deployments import DeployIn
from control_ui.views.pages.configuration import target
from control_ui.views.pages.configuration.numbers import row_number
from control_ui.views.pages.form import Problems
from control_ui.views.problem import faults_of

_USUAL = Parameters()
USUAL = {
    "waves": ", ".join(DEFAULT_WAVES),
    "threshold": f"{DEFAULT_THRESHOLD_PERCENT:g}",
    "threshold_unit": "percent",
    "wave_timeout_seconds": str(_USUAL.wave_timeout_seconds),
    "soak_seconds": str(_USUAL.soak_seconds),
    "desired_lifetime_hours": str(_USUAL.desired_lifetime_hours),
    "split_percent": str(_USUAL.split_percent),
    "observe_minutes": str(_USUAL.observe_minutes),
}
OF_STRATEGY = {
    "waves": ("waves", "wave_timeout_seconds", "soak_seconds", "desired_lifetime_hours"),
    "all": ("wave_timeout_seconds", "desired_lifetime_hours"),
    "ab": ("wave_timeout_seconds", "desired_lifetime_hours", "split_percent", "observe_minutes"),
}
"""What each strategy goes by. What belongs to another one is not looked at."""


@dataclass(frozen=True)
class DeployForm:
    """`to` is a target as `target.py` writes it, `values` the parameters as they were entered."""

    template_id: int | None = None
    versions_of: int | None = None
    """The template whose versions were to be chosen from."""
    version: int | None = None
    version_b: int | None = None
    to: str = ""
    query: str = ""
    strategy: str = str(Strategy.WAVES)
    leave_out: bool = False
    """Leave out the devices that cannot have this version."""
    reason: str = ""
    values: Mapping[str, str] = field(default_factory=lambda: USUAL)

    @classmethod
    def of_address(cls, given: MultiDict[str, str]) -> DeployForm:
        """What links to the dialog say."""
        return cls._of(given, USUAL)

    @classmethod
    def of_form(cls, given: MultiDict[str, str]) -> DeployForm:
        return cls._of(given, {name: given.get(name, "").strip() for name in USUAL})

    @classmethod
    def _of(cls, given: MultiDict[str, str], values: Mapping[str, str]) -> DeployForm:
        strategy = given.get("strategy", "")
        template_id, versions_of = row_number(given.get("template", "")), row_number(given.get("versions_of", ""))
        return cls(
            template_id=template_id,
            versions_of=versions_of,
            version=row_number(given.get("version", "")),
            version_b=row_number(given.get("version_b", "")),
            to=given.get("to") or (f"{target.DEVICES}:{given['ids']}" if given.get("ids") else ""),
            query=given.get("query", ""),
            strategy=strategy if strategy in OF_STRATEGY else str(Strategy.WAVES),
            leave_out=given.get("leave_out") == "1",
            reason=given.get("reason", ""),
            values=values,
        )

    @property
    def selected(self) -> int:
        """How many devices are named one by one."""
        kind, _, ids = self.to.partition(":")
        return len(target.selection(ids)) if kind == target.DEVICES else 0

    def target(self) -> dict[str, Any]:
        """Raises InvalidError."""
        return target.read(self.to, self.query)

    def read(self) -> DeployRequest:
        """As the service takes it. Raises InvalidError, with paths as those of the API."""
        document = {
            "target": self.target(),
            "version": self.version,
            "strategy": self.strategy,
            "parameters": self._parameters(),
            "reason": self.reason.strip(),
        }
        try:
            return DeployIn.model_validate(document).read()
        except ValidationError as error:
            faults = [Fault(one.path, _worded(one.message)) for one in faults_of(error, "body")]
            raise InvalidError("something is missing or not right", faults) from error

    def problems(self, error: ServiceError) -> Problems:
        """At the fields: `$.parameters.waves[1]` is at `waves`."""
        if isinstance(error, InvalidError):
            faults = [Fault(f"$.{_field_of(fault.path)}", fault.message) for fault in error.faults]
            return Problems.of(InvalidError(error.detail, faults))
        return Problems.of(error)

    def _parameters(self) -> dict[str, Any]:
        given: dict[str, Any] = {name: self.values[name] for name in OF_STRATEGY[self.strategy]}
        if "waves" in given:
            given["waves"] = [wave for wave in re.split(r"[\s,;]+", given["waves"]) if wave]
        if self.strategy == "ab":
            given["version_b"] = self.version_b
        unit = "count" if self.values["threshold_unit"] == "count" else "percent"
        return given | {f"failure_threshold_{unit}": self.values["threshold"]}


def _field_of(path: str) -> str:
    name = re.sub(r"\[\d+\]", "", path.removeprefix("$.").removeprefix("parameters.")).partition(".")[0]
    if name.startswith("failure_threshold"):
        return "threshold"
    return "to" if name == "target" else name


def _worded(message: str) -> str:
    message = re.sub(r"^(Input|String|List|Value error,) ", "", message)
    return message.replace("should", "must", 1)
