"""What one device's standing shows: that the configuration works there, that it does not, or nothing yet.

Nothing is believed that the Pi has not shown: the version in force, a healthy stream, a fresh picture taken under it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from control_ui.models.deployments import DeviceProgress
from control_ui.models.devices import DeviceStatus
from control_ui.models.runs import HostOutcome
from control_ui.services.deployments.standing import Standing

STREAMING = "streaming"
_REFUSALS = ("refused", "rolled back")
# Two ways to the same Pi at the same time: one of them has to wait, and that is no verdict on the configuration.
_BUSY = re.compile(r"\bbusy\b|another configuration is being", re.I)
# The words of plugins/action/carwash_config.py.
PUSH_REFUSED = re.compile(r"(refused|tried) the configuration|is not valid, so it was not sent")
BY_HAND = "run the playbook rollback with rollback_scope=config there"
LONGEST_DETAIL = 500


@dataclass(frozen=True)
class Verdict:
    """What a device has come to, why, and what that rests on."""

    progress: DeviceProgress
    detail: str = ""
    evidence: dict[str, Any] = field(default_factory=dict)


def judge(standing: Standing, timeout: timedelta, now: datetime, *, with_picture: bool = True) -> Verdict | None:
    """The verdict on a device to which a configuration is being delivered; None: too early to tell.

    A device that nothing has reached is waiting. One that has been given the configuration and then fell silent has
    failed: it may be the configuration that silenced it. Going back is done when the version is in force, whatever
    the camera does (`with_picture` is false then).
    """
    if verdict := _by_word(standing, with_picture=with_picture):
        return verdict
    if standing.host_outcome == HostOutcome.HELD:
        return Verdict(DeviceProgress.HELD, standing.host_message or "")
    if standing.status == DeviceStatus.OFFLINE and not standing.may_have_it and standing.number is not None:
        return Verdict(DeviceProgress.WAITING, f"went off: {standing.host_message or 'it does not check in'}")
    if standing.offered_at is not None and now < standing.offered_at + timeout:
        return None
    return _out_of_time(standing, timeout, missing(standing, with_picture=with_picture))


def judge_late(standing: Standing, now: datetime, *, with_picture: bool = True) -> Verdict | None:
    """The verdict on a device that was off when its turn came; None: it still is, or has shown nothing yet."""
    if verdict := _by_word(standing, with_picture=with_picture):
        return verdict
    if standing.wanted_until is None or now < standing.wanted_until:
        return None
    if standing.runs_it:
        return Verdict(DeviceProgress.FAILED, missing(standing, with_picture=with_picture), shown(standing))
    return Verdict(DeviceProgress.EXPIRED, f"was off until {standing.wanted_until.isoformat(timespec='minutes')}")


def _by_word(standing: Standing, *, with_picture: bool) -> Verdict | None:
    """By what the Pi itself, or its run, has shown or refused; and whether anything is wanted of it any more."""
    if standing.wanted_id != standing.config_version_id:
        return Verdict(DeviceProgress.SUPERSEDED, _wanted_instead(standing))
    if standing.number is None:
        return _by_its_run(standing)
    if not missing(standing, with_picture=with_picture):
        return Verdict(DeviceProgress.APPLIED, "", shown(standing))
    if reason := against(standing):
        return Verdict(DeviceProgress.FAILED, reason, shown(standing) | {"against": reason})
    return None


def _by_its_run(standing: Standing) -> Verdict | None:
    """Of a Pi that was told, by a run, to go back to what it had before anything of ours. Its word is the run's."""
    if standing.host_outcome in (HostOutcome.OK, HostOutcome.CHANGED):
        return Verdict(DeviceProgress.APPLIED, "went back by its own config rollback", shown(standing))
    if standing.host_outcome in (None, HostOutcome.HELD):
        return None
    words = f"{standing.host_message or standing.host_outcome}; {BY_HAND}"
    return Verdict(DeviceProgress.FAILED, words[:LONGEST_DETAIL])


def missing(standing: Standing, *, with_picture: bool = True) -> str:
    """What the Pi has not shown since it was wanted to run it; empty where it has shown everything."""
    if not standing.seen_since_offered:
        return "it has not checked in since"
    if not standing.runs_it:
        return f"version {standing.reported} is in force, not {standing.number}"
    return unhealthy(standing) if with_picture else ""


def unhealthy(standing: Standing) -> str:
    """What is wrong with stream and picture under the configuration in force; empty where both are fine."""
    return stream_fault(standing) or picture_fault(standing)


def stream_fault(standing: Standing) -> str:
    """What is wrong with the stream; empty where it is fine."""
    stream = _part(standing, "stream")
    status = stream.get("status")
    if status != STREAMING or stream.get("quiet"):
        return f"its stream is {status or 'not reported'}" + (" and does not answer" if stream.get("quiet") else "")
    return ""


def picture_fault(standing: Standing) -> str:
    """Why there is no fresh picture that was taken under the configuration; empty where there is one."""
    snapshot = _snapshot(standing)
    if snapshot.get("config_version") != standing.number:
        return f"there is no picture under version {standing.number} yet"
    age = snapshot.get("age_seconds")
    if not isinstance(age, int | float) or age > standing.stale_after_seconds:
        return f"its picture is {age} s old (stale from {standing.stale_after_seconds:g} s)"
    return ""


def against(standing: Standing) -> str:
    """The Pi's own no: why it refused this version, or went back from it. Empty where it has not said so."""
    if standing.runs_it:
        return ""
    status = _part(standing, "status")
    pull, last = _dict(status.get("pull")), _dict(status.get("last_apply"))
    words = str(pull.get("reason") or "")
    if standing.seen_since_offered and pull.get("desired_version") == standing.number and _is_refusal(words):
        return words[:LONGEST_DETAIL]
    message = standing.host_message or ""
    if standing.host_outcome == HostOutcome.FAILED and PUSH_REFUSED.search(message) and not _BUSY.search(message):
        return message[:LONGEST_DETAIL]
    words = f"{last.get('result')}: {last.get('reason') or ''}"
    fresh = standing.offered_at is not None and _not_before(last.get("at"), standing.offered_at)
    if fresh and last.get("new_version") == standing.number and _is_refusal(words):
        return words[:LONGEST_DETAIL]
    return ""


def shown(standing: Standing) -> dict[str, Any]:
    """What the Pi's last report says, as it is kept with the verdict."""
    snapshot = _snapshot(standing)
    return {
        "config_version": standing.reported,
        "stream_status": _part(standing, "stream").get("status"),
        "snapshot": {key: snapshot.get(key) for key in ("sequence", "captured_at", "config_version")},
        "seen_at": None if standing.last_seen_at is None else standing.last_seen_at.isoformat(),
    }


def _out_of_time(standing: Standing, timeout: timedelta, lacking: str) -> Verdict:
    within = f"no proof within {timeout.total_seconds():g} s"
    if standing.number is None:
        return Verdict(DeviceProgress.FAILED, f"{within} that its run did it; {BY_HAND}")
    push = f"; the push: {standing.host_message}" if standing.host_message else ""
    detail = f"{lacking}{push}"[:LONGEST_DETAIL]
    if standing.may_have_it:
        return Verdict(DeviceProgress.FAILED, f"{within}: {detail}", shown(standing))
    return Verdict(DeviceProgress.WAITING, detail)


def _wanted_instead(standing: Standing) -> str:
    if standing.wanted_number is None:
        return "nothing is wanted of it any more"
    return f"version {standing.wanted_number} is wanted instead"


def _is_refusal(words: str) -> bool:
    return words.startswith(_REFUSALS) and not _BUSY.search(words)


def _not_before(text: Any, since: datetime) -> bool:
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        return False
    return moment.tzinfo is not None and moment >= since


def _part(standing: Standing, name: str) -> Mapping[str, Any]:
    return _dict(standing.report.get(name))


def _snapshot(standing: Standing) -> Mapping[str, Any]:
    return _dict(_part(standing, "status").get("snapshot"))


def _dict(value: Any) -> Mapping[str, Any]:
    """Reports come from outside: what is to be an object may be anything."""
    return value if isinstance(value, dict) else {}
