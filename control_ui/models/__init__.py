"""What the control plane remembers. Every table of a tenant carries `tenant_id`; `scope.py` narrows every query by
it."""

from control_ui.models.alerts import Alert, AlertmanagerState, Incident, Silence
from control_ui.models.audit import AuditEntry, AuditHead, AuditVerification
from control_ui.models.base import Base, TenantOwned
from control_ui.models.configuration import ConfigTemplate, ConfigVersion, TemplateVersion
from control_ui.models.deployments import Deployment, DeploymentDevice
from control_ui.models.devices import Device, DeviceAction, DeviceState, EnrolmentToken, Group, GroupMember, Site
from control_ui.models.healing import (
    Degradation,
    HealingAction,
    HealingCase,
    HealingDefault,
    HealingPause,
    HealingRule,
    HealingSwitch,
    SummaryDelivery,
)
from control_ui.models.people import ApiToken, RefreshToken, SignIn, Tenant, User
from control_ui.models.reports import ReportFile, SiteDay
from control_ui.models.requests import IdempotencyKey
from control_ui.models.runs import (
    Approval,
    DeviceLock,
    HostResult,
    RollbackPoint,
    Run,
    RunEvent,
    RunSlice,
    Schedule,
)
from control_ui.models.telemetry import DeviceLog, DeviceSample, DeviceStatusChange

__all__ = [
    "Alert",
    "AlertmanagerState",
    "ApiToken",
    "Approval",
    "AuditEntry",
    "AuditHead",
    "AuditVerification",
    "Base",
    "ConfigTemplate",
    "ConfigVersion",
    "Degradation",
    "Deployment",
    "DeploymentDevice",
    "Device",
    "DeviceAction",
    "DeviceLock",
    "DeviceLog",
    "DeviceSample",
    "DeviceState",
    "DeviceStatusChange",
    "EnrolmentToken",
    "Group",
    "GroupMember",
    "HealingAction",
    "HealingCase",
    "HealingDefault",
    "HealingPause",
    "HealingRule",
    "HealingSwitch",
    "HostResult",
    "IdempotencyKey",
    "Incident",
    "RefreshToken",
    "ReportFile",
    "RollbackPoint",
    "Run",
    "RunEvent",
    "RunSlice",
    "Schedule",
    "SignIn",
    "Silence",
    "Site",
    "SiteDay",
    "SummaryDelivery",
    "TemplateVersion",
    "Tenant",
    "TenantOwned",
    "User",
]
