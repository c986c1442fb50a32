"""Sites."""

from __future__ import annotations

from control_ui.models import Site
from control_ui.services import rows
from control_ui.services.devices import sites
from control_ui.services.permissions import Permission
from control_ui.views.api.operation import Api, Call, Reply
from control_ui.views.api.schemas.base import ReasonIn
from control_ui.views.api.schemas.sites import SiteChangeIn, SiteIn, SiteOut, SitePage, SiteQuery

api = Api("sites", "sites")


@api.get("/sites", permission=Permission.FLEET_READ, query=SiteQuery, returns=SitePage)
def list_sites(call: Call, query: SiteQuery) -> SitePage:
    """List sites by name."""
    page = sites.find(call.session, text=query.q, region=query.region, limit=query.limit, cursor=query.cursor)
    return SitePage(items=[SiteOut.model_validate(site) for site in page.items], next=page.next)


@api.post("/sites", permission=Permission.DEVICES_MANAGE, body=SiteIn, returns=SiteOut, status=201, errors=(409,))
def create_site(call: Call, body: SiteIn) -> Reply:
    """Make a site."""
    return _reply(sites.create(call.session, call.actor, body.values(), reason=body.reason, now=call.now))


@api.get("/sites/<int:site_id>", permission=Permission.FLEET_READ, returns=SiteOut)
def get_site(call: Call, site_id: int) -> Reply:
    """Show one site. The ETag is what a writer must show."""
    return _reply(rows.fetch(call.session, Site, site_id, "site"))


@api.put(
    "/sites/<int:site_id>",
    permission=Permission.DEVICES_MANAGE,
    body=SiteChangeIn,
    returns=SiteOut,
    conditional=True,
    errors=(409,),
)
def change_site(call: Call, site_id: int, body: SiteChangeIn) -> Reply:
    """Change what is given."""
    site = rows.fetch(call.session, Site, site_id, "site")
    rows.check_row_version(site, call.if_match or 0, "site")
    return _reply(sites.change(call.session, call.actor, site, body.values(), reason=body.reason, now=call.now))


@api.delete("/sites/<int:site_id>", permission=Permission.DEVICES_MANAGE, query=ReasonIn, status=204, errors=(409,))
def delete_site(call: Call, site_id: int, query: ReasonIn) -> None:
    """Delete a site at which no device stands."""
    site = rows.fetch(call.session, Site, site_id, "site")
    sites.remove(call.session, call.actor, site, reason=query.reason, now=call.now)


def _reply(site: Site) -> Reply:
    return Reply(SiteOut.model_validate(site), etag=site.row_version)
