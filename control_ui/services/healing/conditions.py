"""What can be wrong with a device, as the control plane sees it: from what is known of it to one word, a likely cause,
and a sentence."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from control_ui.models.devices import DeviceStatus
from control_ui.services.devices import reading
from control_ui.services.devices.reasons import CONDITIONS as AGENT_WORDS
from control_ui.services.devices.reasons import STREAM_ERRORS, STREAM_STATUSES
from control_ui.services.devices.status import PATIENCE, Standing, is_fresh, refusal_of

OFFLINE = "offline"
FLAPPING = "flapping"
DEPLOYMENT_FAILED = "deployment_failed"
CONFIGURATION_NOT_TAKEN = "configuration_not_taken"
CONFIGURATION_FOREIGN = "configuration_foreign"
UNREACHABLE = "unreachable"
"""The cause of an offline device that SSH cannot reach either."""


@dataclass(frozen=True)
class Condition:
    """`runbook` is a name in docs/runbooks. `picture`: it shows in the pictures, of which a device has one trouble at a
    time."""

    title: str
    runbook: str
    picture: bool = False


CONDITIONS = {
    OFFLINE: Condition("Does not check in", "DeviceOffline"),
    "stream_not_reporting": Condition("The stream service does not report", "PictureStale", picture=True),
    "stream_failing": Condition("The stream fails", "FfmpegCrashed", picture=True),
    "stream_silent": Condition("The camera sends no pictures", "PictureStale", picture=True),
    "stream_frozen": Condition("The picture is frozen", "PictureFrozen", picture=True),
    "pictures_not_stored": Condition("Pictures cannot be stored", "PictureStale", picture=True),
    "software_missing": Condition("Software is missing", "FfmpegCrashed", picture=True),
    "camera_password": Condition("The camera does not accept the password", "PictureStale", picture=True),
    "camera_path": Condition("The camera does not know the stream's path", "PictureStale", picture=True),
    "camera_away": Condition("The camera is away", "PictureStale", picture=True),
    "api_not_answering": Condition("The snapshot API does not answer", "SnapshotApiSlow"),
    "memory_high": Condition("A service uses too much memory", "MemoryNearlyFull"),
    "too_hot": Condition("Too hot", "CpuTooHot"),
    "disk_nearly_full": Condition("The disk is nearly full", "DiskNearlyFull"),
    "clock_not_synchronised": Condition("The clock is not synchronised", "ClockNotSynchronised"),
    "configuration_damaged": Condition("The configuration file is damaged", "ConfigurationDeploymentFailed"),
    CONFIGURATION_NOT_TAKEN: Condition("The wanted configuration is not in force", "ConfigurationDeploymentFailed"),
    CONFIGURATION_FOREIGN: Condition("The configuration was changed at the Pi", "ConfigurationDeploymentFailed"),
    "configuration_refused": Condition("The Pi refuses the wanted configuration", "ConfigurationDeploymentFailed"),
    DEPLOYMENT_FAILED: Condition("Not well since a failed deployment", "ConfigurationDeploymentFailed"),
    FLAPPING: Condition("Comes and goes", "DeviceOffline"),
}

_OF_STREAM_ERROR = {
    "unauthorized": "camera_password",
    "not found": "camera_path",
    "refused": "camera_away",
    "unreachable": "camera_away",
    "timeout": "camera_away",
    "no video": "camera_away",
    "frozen": "stream_frozen",
    "ffmpeg missing": "software_missing",
    "storage": "pictures_not_stored",
}
_OF_AGENT = {
    "api_not_answering": "api_not_answering",
    "too_hot": "too_hot",
    "disk_nearly_full": "disk_nearly_full",
    "clock_not_synchronised": "clock_not_synchronised",
    "config_damaged": "configuration_damaged",
    "stream_memory": "memory_high",
    "api_memory": "memory_high",
    "agent_memory": "memory_high",
}
_OF_STREAM_STATUS = {"frozen": "stream_frozen", "silent": "stream_silent"}


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong. `cause` is of a bounded set, `since` is None where it is seen for the first time."""

    condition: str
    cause: str
    words: str
    since: datetime | None = None


@dataclass(frozen=True)
class Past:
    """What is known beside the last report: the times the status changed in the last hour, if they are too many, and
    the deployment that failed here and is in force all the same."""

    changes: int = 0
    failed_deployment: str = ""


def findings(
    status: DeviceStatus, last_seen_at: datetime | None, standing: Standing, past: Past, now: datetime
) -> list[Finding]:
    """Everything that is wrong, each condition once. Of a device that is silent nothing else can be known."""
    if status == DeviceStatus.NEVER_SEEN or last_seen_at is None:
        return []
    found = list(_of_past(past, well=status == DeviceStatus.ONLINE))
    if status == DeviceStatus.OFFLINE:
        return [Finding(OFFLINE, "silent", "it does not check in", last_seen_at), *found]
    found += [*_of_picture(standing), *_of_agent(standing), *_of_configuration(standing, now)]
    return list({one.condition: one for one in reversed(found)}.values())[::-1]


def _of_past(past: Past, *, well: bool) -> Iterator[Finding]:
    if past.changes:
        yield Finding(FLAPPING, "unstable", f"its status changed {past.changes} times in the last hour")
    if past.failed_deployment and not well:
        yield Finding(DEPLOYMENT_FAILED, "configuration", past.failed_deployment)


def _of_picture(standing: Standing) -> Iterator[Finding]:
    stream = standing.report.get("stream")
    status = str(reading.dig(stream, "status") or "")
    if is_fresh(standing):
        if status in _OF_STREAM_STATUS:
            yield Finding(_OF_STREAM_STATUS[status], status, STREAM_STATUSES[status])
        return
    if stream is None or reading.dig(stream, "quiet"):
        words = (
            "the stream service does not report" if stream else "the stream service has not reported since its start"
        )
        yield Finding("stream_not_reporting", "stream service", words)
        return
    error = str(reading.dig(stream, "last_error", "reason") or "")
    if error in STREAM_ERRORS and (status in ("connecting", "disconnected") or error == "storage"):
        yield Finding(_OF_STREAM_ERROR.get(error, "stream_failing"), error, STREAM_ERRORS[error])
    elif status in _OF_STREAM_STATUS:
        yield Finding(_OF_STREAM_STATUS[status], status, STREAM_STATUSES[status])
    else:
        known = status if status in STREAM_STATUSES else "unknown"
        words = STREAM_STATUSES.get(status, "the stream service says nothing that is known here")
        yield Finding("stream_failing", known, words)


def _of_agent(standing: Standing) -> Iterator[Finding]:
    told = reading.dig(standing.report, "status", "conditions")
    for entry in reading.entries(told, reading.MOST_ITEMS):
        name = reading.text(entry.get("name"), reading.LONGEST_NAME)
        if name in _OF_AGENT:
            detail = reading.text(entry.get("detail"), 200)
            yield Finding(_OF_AGENT[name], name.replace("_", " "), f"{AGENT_WORDS[name]}: {detail}".removesuffix(": "))


def _of_configuration(standing: Standing, now: datetime) -> Iterator[Finding]:
    wanted, runs = standing.wanted, standing.config_version
    if wanted is None or runs == wanted.number:
        return
    told = f"it runs configuration {runs or 'of an unknown number'}, {wanted.number} is wanted"
    if runs is not None and runs > wanted.number and standing.in_force is None:
        words = f"it runs configuration {runs}, which did not come from here; {wanted.number} is wanted"
        yield Finding(CONFIGURATION_FOREIGN, "configuration", words)
    elif refusal := refusal_of(standing.report, wanted.number):
        yield Finding("configuration_refused", "configuration", f"{told}: {refusal}")
    elif standing.wanted_since is not None and now - standing.wanted_since > PATIENCE:
        yield Finding(CONFIGURATION_NOT_TAKEN, "configuration", f"{told}, and it has not taken it yet")
