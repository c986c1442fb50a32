"""Templates, and their versions, which never change: to edit a template is to add a version."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from control_ui.models import ConfigTemplate, Device, TemplateVersion
from control_ui.models.scope import ScopedSession
from control_ui.services import rows
from control_ui.services.actor import Actor
from control_ui.services.audit.trail import Subject, record
from control_ui.services.configuration.layer_check import CREDENTIALS, overlay_layers, require_layers
from control_ui.services.errors import ConflictError, Fault, InvalidError, NotFoundError
from control_ui.services.pages import Page, paginate
from control_ui.services.redaction import holds_credentials


@dataclass(frozen=True)
class Content:
    """What one version of a template says. `note` is the author's word on what is new."""

    body: dict[str, Any]
    overlays: dict[str, Any] = field(default_factory=dict)
    note: str = ""

    def check(self) -> None:
        """Raises InvalidError with every fault."""
        _refuse_credentials({"note": self.note})
        require_layers({"$.body": self.body, **overlay_layers(self.overlays, "$.overlays")})

    @property
    def sha256(self) -> str:
        whole = {"body": self.body, "overlays": self.overlays}
        return hashlib.sha256(json.dumps(whole, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def create(
    session: ScopedSession, actor: Actor, name: str, description: str, content: Content, *, reason: str, now: datetime
) -> TemplateVersion:
    """A new template and its first version. Raises InvalidError, ConflictError for a name that is taken."""
    tenant = rows.current_tenant(session)
    _refuse_credentials({"name": name, "description": description})
    content.check()
    template = ConfigTemplate(tenant_id=tenant.id, name=name, description=description, latest_number=0, created_at=now)
    _refuse_taken_name(session, template, name)
    session.add(template)
    version = _add_version(session, actor, template, content, now)
    _record(session, actor, "template.create", template, reason, now, after=_told(template, version))
    session.commit()
    return version


def update(
    session: ScopedSession,
    actor: Actor,
    template_id: int,
    row_version: int,
    content: Content,
    *,
    words: Mapping[str, str],
    reason: str,
    now: datetime,
) -> TemplateVersion:
    """A new version of a template, and new `words` (name, description); equal content makes none.

    Raises InvalidError, NotFoundError, ConflictError (archived, or a name that is taken), LostUpdateError where
    `row_version` is not the newest: of two writers at once, the second has read what is there no longer."""
    template = _locked(session, template_id)
    rows.check_row_version(template, row_version, "template")
    if template.archived_at is not None:
        raise ConflictError(f"the template {template.name} is archived: take it out of the archive first")
    _refuse_credentials(words)
    content.check()
    before = _told(template, version_of(session, template))
    if "name" in words:
        _refuse_taken_name(session, template, words["name"])
    for name, text in words.items():
        setattr(template, name, text)
    version = version_of(session, template)
    if version.content_sha256 != content.sha256:
        version = _add_version(session, actor, template, content, now)
    after = _told(template, version)
    if after != before:
        _record(session, actor, "template.update", template, reason, now, before=before, after=after)
    session.commit()
    return version


def archive(
    session: ScopedSession,
    actor: Actor,
    template_id: int,
    row_version: int,
    *,
    archived: bool,
    reason: str,
    now: datetime,
) -> ConfigTemplate:
    """Put a template away, or take it out again: nobody can give an archived one to devices. Raises NotFoundError,
    LostUpdateError, ConflictError while devices use it."""
    template = _locked(session, template_id)
    rows.check_row_version(template, row_version, "template")
    users = session.scalars(sa.select(sa.func.count(Device.id)).where(Device.template_id == template.id)).one()
    if archived and users:
        raise ConflictError(f"{users} devices use the template {template.name}: give them another one first")
    if archived != (template.archived_at is not None):
        template.archived_at = now if archived else None
        action = "template.archive" if archived else "template.unarchive"
        _record(session, actor, action, template, reason, now)
    session.commit()
    return template


def find(
    session: ScopedSession, *, archived: bool, text: str | None, limit: int, cursor: str | None
) -> Page[ConfigTemplate]:
    """A page of templates, by name."""
    query = sa.select(ConfigTemplate).where(
        ConfigTemplate.archived_at.is_not(None) if archived else ConfigTemplate.archived_at.is_(None)
    )
    if text:
        query = query.where(ConfigTemplate.name.icontains(text, autoescape=True))
    return paginate(session, query, by=(ConfigTemplate.name, ConfigTemplate.id), limit=limit, cursor=cursor)


def fetch(session: ScopedSession, template_id: int) -> ConfigTemplate:
    """Raises NotFoundError."""
    return rows.fetch(session, ConfigTemplate, template_id, "template")


def usable(session: ScopedSession, template_id: int, tenant_id: int) -> ConfigTemplate:
    """A template that a device of this tenant may be given, kept from being archived until the transaction ends.

    Raises InvalidError, with the fault at `$.template_id`."""
    query = sa.select(ConfigTemplate).where(ConfigTemplate.id == template_id, ConfigTemplate.tenant_id == tenant_id)
    template = session.scalars(query.with_for_update(read=True)).one_or_none()
    if template is None or template.archived_at is not None:
        what = f"there is no template {template_id}" if template is None else "is archived"
        raise InvalidError("the template cannot be used", [Fault("$.template_id", what)])
    return template


def version_of(session: ScopedSession, template: ConfigTemplate, number: int | None = None) -> TemplateVersion:
    """A version of a template, the latest without a number. Raises NotFoundError."""
    number = template.latest_number if number is None else number
    query = sa.select(TemplateVersion).where(
        TemplateVersion.template_id == template.id, TemplateVersion.number == number
    )
    version = session.scalars(query).one_or_none()
    if version is None:
        raise NotFoundError(f"the template {template.name} has no version {number}")
    return version


def versions_of(
    session: ScopedSession, template: ConfigTemplate, *, limit: int, cursor: str | None
) -> Page[TemplateVersion]:
    """A page of a template's versions, the newest first."""
    query = sa.select(TemplateVersion).where(TemplateVersion.template_id == template.id)
    return paginate(session, query, by=(TemplateVersion.number,), limit=limit, cursor=cursor, descending=True)


def _add_version(
    session: ScopedSession, actor: Actor, template: ConfigTemplate, content: Content, now: datetime
) -> TemplateVersion:
    template.latest_number += 1
    version = TemplateVersion(
        tenant_id=template.tenant_id,
        template=template,
        number=template.latest_number,
        body=content.body,
        overlays=content.overlays,
        note=content.note,
        content_sha256=content.sha256,
        created_by_id=actor.user_id,
        created_at=now,
    )
    session.add(version)
    session.flush()
    return version


def _locked(session: ScopedSession, template_id: int) -> ConfigTemplate:
    """The template, held for this transaction: a second writer waits here, and then sees that it comes second."""
    query = sa.select(ConfigTemplate).where(ConfigTemplate.id == template_id).with_for_update()
    template = session.scalars(query.execution_options(populate_existing=True)).one_or_none()
    if template is None:
        raise NotFoundError(f"there is no template {template_id}")
    return template


def _refuse_taken_name(session: ScopedSession, template: ConfigTemplate, name: str) -> None:
    query = sa.select(ConfigTemplate.id).where(
        ConfigTemplate.tenant_id == template.tenant_id,
        ConfigTemplate.name == name,
        ConfigTemplate.id != (template.id or 0),
    )
    if session.scalars(query).first() is not None:
        raise ConflictError(f"there is a template {name} already")


def _refuse_credentials(words: Mapping[str, str]) -> None:
    faults = [Fault(f"$.{name}", CREDENTIALS) for name, text in words.items() if holds_credentials(text)]
    if faults:
        raise InvalidError("these words cannot be taken", faults)


def _told(template: ConfigTemplate, version: TemplateVersion) -> dict[str, Any]:
    """As the audit trail tells it."""
    return {
        "name": template.name,
        "description": template.description,
        "number": version.number,
        "body": version.body,
        "overlays": version.overlays,
    }


def _record(
    session: ScopedSession,
    actor: Actor,
    action: str,
    template: ConfigTemplate,
    reason: str,
    now: datetime,
    *,
    before: Any = None,
    after: Any = None,
) -> None:
    subject = Subject("template", template.id, template.name)
    record(
        session, actor, action, subject, tenant_id=template.tenant_id, reason=reason, before=before, after=after, at=now
    )
