"""Templates: named lines of versions that never change."""

from __future__ import annotations

from control_ui.services.configuration import templates
from control_ui.services.configuration.diff import Side, compare
from control_ui.services.permissions import Permission
from control_ui.views.api.operation import Api, Call, Reply
from control_ui.views.api.schemas.base import PageQuery, ReasonIn
from control_ui.views.api.schemas.templates import (
    TemplateCreateIn,
    TemplateOut,
    TemplatePage,
    TemplateQuery,
    TemplateSummary,
    TemplateUpdateIn,
    TemplateVersionOut,
    TemplateVersionPage,
)

api = Api("templates", "templates")


@api.get("/templates", permission=Permission.FLEET_READ, query=TemplateQuery, returns=TemplatePage)
def list_templates(call: Call, query: TemplateQuery) -> TemplatePage:
    """List templates, by name."""
    page = templates.find(
        call.session, archived=query.archived, text=query.text, limit=query.limit, cursor=query.cursor
    )
    return TemplatePage.model_validate(page)


@api.post(
    "/templates",
    permission=Permission.CONFIG_WRITE,
    body=TemplateCreateIn,
    returns=TemplateOut,
    status=201,
    errors=(409,),
    idempotent=True,
)
def create(call: Call, body: TemplateCreateIn) -> Reply:
    """Create a template with its first version.

    Expressions are Jinja2's, without statements, calls and loops, over the facts of site, device, camera and tenant.
    Credentials are refused: write {{ camera.url }}, and put the password into the device."""
    version = templates.create(
        call.session, call.actor, body.name, body.description, body.content(), reason=body.reason, now=call.now
    )
    return Reply(TemplateOut.of(version.template, version), etag=version.template.row_version)


@api.get("/templates/<int:template_id>", permission=Permission.FLEET_READ, returns=TemplateOut)
def show(call: Call, template_id: int) -> Reply:
    """Show a template with its latest version. The ETag is what a writer must show."""
    template = templates.fetch(call.session, template_id)
    return Reply(TemplateOut.of(template, templates.version_of(call.session, template)), etag=template.row_version)


@api.put(
    "/templates/<int:template_id>",
    permission=Permission.CONFIG_WRITE,
    body=TemplateUpdateIn,
    returns=TemplateOut,
    conditional=True,
    errors=(409,),
)
def update(call: Call, template_id: int, body: TemplateUpdateIn) -> Reply:
    """Make the next version of a template. No device is changed by it: that is what a deployment is for.

    412 where somebody else has made one since: read it, take over what is new in it, and send yours again."""
    version = templates.update(
        call.session,
        call.actor,
        template_id,
        call.if_match or 0,
        body.content(),
        words=body.words(),
        reason=body.reason,
        now=call.now,
    )
    return Reply(TemplateOut.of(version.template, version), etag=version.template.row_version)


@api.get(
    "/templates/<int:template_id>/versions",
    permission=Permission.FLEET_READ,
    query=PageQuery,
    returns=TemplateVersionPage,
)
def list_versions(call: Call, template_id: int, query: PageQuery) -> TemplateVersionPage:
    """List a template's versions, the newest first."""
    template = templates.fetch(call.session, template_id)
    page = templates.versions_of(call.session, template, limit=query.limit, cursor=query.cursor)
    return TemplateVersionPage.model_validate(page)


@api.get(
    "/templates/<int:template_id>/versions/<int:number>",
    permission=Permission.FLEET_READ,
    returns=TemplateVersionOut,
)
def show_version(call: Call, template_id: int, number: int) -> TemplateVersionOut:
    """Show one version, and how it differs from the one before."""
    template = templates.fetch(call.session, template_id)
    version = templates.version_of(call.session, template, number)
    before = templates.version_of(call.session, template, number - 1) if number > 1 else None
    left = Side.of_template(before) if before else Side(f"template:{template.name}@0", {}, overlays={})
    return TemplateVersionOut.of(version, compare(left, Side.of_template(version)))


@api.post(
    "/templates/<int:template_id>/archive",
    permission=Permission.CONFIG_WRITE,
    body=ReasonIn,
    returns=TemplateSummary,
    conditional=True,
    errors=(409,),
)
def archive(call: Call, template_id: int, body: ReasonIn) -> Reply:
    """Put a template away that no device uses. Its versions stay."""
    return _archive(call, template_id, body, archived=True)


@api.post(
    "/templates/<int:template_id>/unarchive",
    permission=Permission.CONFIG_WRITE,
    body=ReasonIn,
    returns=TemplateSummary,
    conditional=True,
    errors=(409,),
)
def unarchive(call: Call, template_id: int, body: ReasonIn) -> Reply:
    """Take a template out of the archive."""
    return _archive(call, template_id, body, archived=False)


def _archive(call: Call, template_id: int, body: ReasonIn, *, archived: bool) -> Reply:
    template = templates.archive(
        call.session,
        call.actor,
        template_id,
        call.if_match or 0,
        archived=archived,
        reason=body.reason,
        now=call.now,
    )
    return Reply(TemplateSummary.model_validate(template), etag=template.row_version)
