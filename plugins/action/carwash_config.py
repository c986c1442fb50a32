"""Action behind the `carwash_config` task: one command on the Pi, with the configuration on its standard input."""

from __future__ import annotations

import importlib.util
import json
import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

COMMAND = "carwash"
PI_SERVICE = Path(__file__).resolve().parents[2] / "pi_service"
MISTAKEN_FOR_TEXT = re.compile(r"'.*' is not of type '(number|integer|boolean|array|object)'")
ARGUMENTS = {
    "variable": {"type": "str", "default": "pi_service_config"},
    "version": {"type": "int"},
    "timeout_seconds": {"type": "int", "default": 30},
}


def _load(name: str) -> ModuleType:
    """A module of this repository's `pi_service`, by file: Ansible does not put the repository on sys.path."""
    qualified = f"carwash_config_{name}"
    spec = importlib.util.spec_from_file_location(qualified, PI_SERVICE / f"{name}.py")
    if spec is None or spec.loader is None:
        raise ImportError(f"{PI_SERVICE / name}.py cannot be read as a Python module")
    module = importlib.util.module_from_spec(spec)
    sys.modules[qualified] = module
    spec.loader.exec_module(module)
    return module


# At import, which happens once, before Ansible forks a worker for every host. The checks are the Pi's own.
pi_config = _load("config")
redaction = _load("redaction")


class ActionModule(ActionBase):  # type: ignore[misc]  # ansible is untyped
    """See plugins/modules/carwash_config.py for what it takes and returns."""

    TRANSFERS_FILES = False
    _requires_connection = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        _, arguments = self.validate_argument_spec(ARGUMENTS)
        host = (task_vars or {})["inventory_hostname"]
        document = self._desired(arguments, task_vars or {})
        faults = pi_config.check({"version": 1} | document)
        if faults:
            return result | _invalid(host, arguments["variable"], faults)
        answer = self._low_level_execute_command(
            self._command(arguments, "version" in document), in_data=json.dumps(document).encode()
        )
        report = _report(answer["stdout"])
        if report is None:
            raise AnsibleActionFail(_no_report(host, answer))
        return result | self._outcome(host, report)

    def _desired(self, arguments: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        """The desired configuration, as plain JSON. It is read here rather than passed as an argument,
        because arguments appear in callbacks, events and logs, and this one holds the camera's password."""
        host, name = task_vars["inventory_hostname"], arguments["variable"]
        if name not in task_vars:
            raise AnsibleActionFail(f"{host} has no variable {name}: is group_vars/ beside its inventory?")
        document = self._templar.template(task_vars[name])
        if not isinstance(document, dict):
            raise AnsibleActionFail(f"{name} of {host} is {type(document).__name__}, not a dictionary of settings")
        version = {} if arguments["version"] is None else {"version": arguments["version"]}
        return dict(document) | version

    def _command(self, arguments: dict[str, Any], numbered: bool) -> str:
        words = [COMMAND, "config", "apply", "-", "--json", "--timeout", str(arguments["timeout_seconds"])]
        words += [] if numbered else ["--next-version"]
        words += ["--check"] if self._task.check_mode else []
        return " ".join(words)

    def _outcome(self, host: str, report: dict[str, Any]) -> dict[str, Any]:
        """What the Pi's report means for Ansible. The report itself is redacted by the Pi."""
        failed = report["result"] not in ("applied", "unchanged")
        outcome = {
            "changed": report["result"] == "applied",
            "failed": failed,
            "result": report["result"],
            "tried": report.get("tried"),
            "old_version": report.get("old_version"),
            "new_version": report.get("new_version"),
            "reason": report.get("reason"),
            "faults": report.get("faults") or [],
        }
        if failed:
            outcome["msg"] = _failure(host, report)
        if self._task.diff and outcome["changed"]:
            outcome["diff"] = _difference(report)
        return outcome


def _difference(report: dict[str, Any]) -> dict[str, Any]:
    def content(side: str) -> str:
        settings = {key: value for key, value in (report.get(side) or {}).items() if key != "version"}
        # Without commas, a setting that comes last changes no line but its own.
        return json.dumps(settings, indent=2, sort_keys=True, separators=("", ": ")) + "\n"

    return {
        "before_header": f"configuration version {report.get('old_version')}",
        "after_header": f"configuration version {report.get('new_version')}",
        "before": content("before"),
        "after": content("after"),
    }


def _invalid(host: str, variable: str, faults: list[Any]) -> dict[str, Any]:
    """A configuration that the Pi would refuse. Nothing was sent."""
    text = any(MISTAKEN_FOR_TEXT.match(fault.message) for fault in faults)
    hint = " (On the command line, -e name=7 is text; write -e '{\"name\": 7}'.)" if text else ""
    return {
        "failed": True,
        "changed": False,
        "result": "refused",
        "reason": "invalid",
        "faults": [{"path": fault.path, "message": fault.message} for fault in faults],
        "msg": f"{variable} of {host} is not valid, so it was not sent; the Pi keeps what it has. "
        + "; ".join(map(str, faults))
        + hint,
    }


def _report(stdout: str) -> dict[str, Any] | None:
    """The Pi's report: the last line of its output that is a JSON object with a result."""
    for line in reversed(stdout.splitlines()):
        if line.startswith("{"):
            try:
                document: dict[str, Any] = json.loads(line)
            except ValueError:
                continue
            if "result" in document:
                return document
    return None


def _failure(host: str, report: dict[str, Any]) -> str:
    faults = "; ".join(f"{fault['path']}: {fault['message']}" for fault in report.get("faults") or [])
    reason = "; ".join(part for part in (report.get("reason"), faults) if part) or "no reason given"
    kept = f"it keeps version {report.get('old_version')}"
    if report["result"] == "refused":
        return f"{host} refused the configuration ({reason}); {kept}"
    return f"{host} tried the configuration and went back ({reason}); {kept}"


def _no_report(host: str, answer: dict[str, Any]) -> str:
    """Why there was no report, in the command's own words."""
    said = redaction.redact_text(answer.get("stderr", "").strip() or answer["stdout"].strip() or "nothing")
    absent = answer["rc"] == 127 or "unknown user" in said or "not found" in said
    if absent:
        return f"{host} has no camera service (it said: {said}); run playbooks/pi.yml --limit {host} first"
    return f"carwash config apply on {host} ended with status {answer['rc']} and no report; it said: {said}"
