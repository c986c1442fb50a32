"""The likeliest cause of a device's trouble, in words of which there are only so many: a label of a metric."""

from __future__ import annotations

from datetime import datetime

from control_ui.models import Device
from control_ui.models.devices import DeviceStatus
from control_ui.services.devices import status
from control_ui.services.devices.reasons import CONDITIONS, STREAM_ERRORS, STREAM_STATUSES
from control_ui.services.devices.status import Standing

NO_CONTACT = "no power or no network at the site"
REVOKED = "its device token was revoked"
NOT_CONFIGURED = "it does not run the configuration that is wanted of it"
OTHER = "something else that its agent reports"
_BEFORE_SILENCE = {
    CONDITIONS["too_hot"]: "it went silent after it had become too hot",
    CONDITIONS["disk_nearly_full"]: "it went silent with its disk nearly full",
    CONDITIONS["agent_memory"]: "it went silent with too little memory",
}
_WITHOUT_STREAM = frozenset(
    {
        "the stream service has not reported since it started",
        "the stream service says nothing that is known here",
    }
)
_WHILE_HEARD = frozenset({*STREAM_ERRORS.values(), *STREAM_STATUSES.values(), *CONDITIONS.values()}) | _WITHOUT_STREAM
KNOWN = _WHILE_HEARD | {NO_CONTACT, REVOKED, NOT_CONFIGURED, OTHER, *_BEFORE_SILENCE.values()}


def likely(device: Device, standing: Standing, now: datetime) -> str | None:
    """One of KNOWN; None where the device is well, or was never seen."""
    if device.state.status is DeviceStatus.NEVER_SEEN:
        return None
    _, reasons = status.judge(standing, now)
    told = [word for reason in reasons for word in (reason.because, reason.what) if word in _WHILE_HEARD]
    if device.state.status is DeviceStatus.OFFLINE:
        if device.token_sha256 is None:
            return REVOKED
        return next((_BEFORE_SILENCE[word] for word in told if word in _BEFORE_SILENCE), NO_CONTACT)
    if told:
        return told[0]
    if standing.wanted is not None and standing.config_version != standing.wanted.number and reasons:
        return NOT_CONFIGURED
    return OTHER if reasons else None
