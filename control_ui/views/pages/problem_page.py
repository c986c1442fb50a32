"""Problem documents that a browser came upon are shown as a page."""

from __future__ import annotations

from flask import Response, render_template, request

PROBLEM = "application/problem+json"
FOR_PROGRAMS = ("/api/", "/auth/", "/healthz", "/readyz", "/metrics")


def show(response: Response) -> Response:
    """The same status and headers, with a page for a body, where a person looks at it."""
    if response.mimetype != PROBLEM or request.path.startswith(FOR_PROGRAMS):
        return response
    if request.accept_mimetypes.best_match([PROBLEM, "text/html"]) != "text/html":
        return response
    response.set_data(render_template("problem.html", problem=response.get_json()))
    response.mimetype = "text/html"
    return response
