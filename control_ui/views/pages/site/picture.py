"""The picture of a site: as it is, for the open page, and as the car wash controller would get it."""

from __future__ import annotations

import base64

from flask import jsonify, render_template, request
from werkzeug.wrappers import Response

from control_ui.services.errors import UnavailableError
from control_ui.services.permissions import Permission
from control_ui.services.pictures.latest import Source
from control_ui.views.api.operation import Call
from control_ui.views.pages.page import Answer, page
from control_ui.views.pages.site.device import fetch
from control_ui.views.state import app_state


@page("/sites/<int:device_id>/picture", permission=Permission.FLEET_READ)
def site_picture(call: Call, device_id: int) -> Answer:
    """The newest picture as JPEG, however old: its headers tell. 503 with the reason where there is none."""
    picture = app_state().pictures.latest(_source(call, device_id))
    response = Response(picture.image, mimetype="image/jpeg")
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Picture-Age-Seconds"] = f"{picture.age_seconds:.1f}"
    response.headers["X-Snapshot-Timestamp"] = picture.captured_at
    response.headers["X-Snapshot-Stale"] = "true" if picture.stale else "false"
    return response


@page("/sites/<int:device_id>/picture.json", permission=Permission.FLEET_READ)
def site_picture_document(call: Call, device_id: int) -> Answer:
    """The same for the open page: `{image, age_seconds, captured_at, stale}`, or `{problem}`. The image is null where
    it is the one that the page has (`have`: when that was captured).

    Always 200: that a Pi is silent is news about the Pi, and no error of the page."""
    try:
        picture = app_state().pictures.latest(_source(call, device_id))
    except UnavailableError as error:
        return jsonify(problem=error.detail)
    known = picture.captured_at != "" and request.args.get("have") == picture.captured_at
    return jsonify(
        image=None if known else f"data:image/jpeg;base64,{base64.b64encode(picture.image).decode()}",
        age_seconds=round(picture.age_seconds, 1),
        captured_at=picture.captured_at,
        stale=picture.stale,
    )


@page("/sites/<int:device_id>/picture/test", permission=Permission.FLEET_READ)
def site_picture_test(call: Call, device_id: int) -> Answer:
    """Ask now, as the controller would, and show what came back."""
    device = fetch(call, device_id)
    trial = app_state().pictures.as_a_controller(_source(call, device_id))
    return render_template("site/picture_test.html", device=device, site=device.site, trial=trial, now=call.now)


def _source(call: Call, device_id: int) -> Source:
    """The connection to the database goes back: the Pi may take seconds."""
    source = Source.of(fetch(call, device_id))
    call.session.rollback()
    return source
