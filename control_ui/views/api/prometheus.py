"""What Prometheus asks for: where the Pis are, and the control plane's own metrics."""

from __future__ import annotations

import logging

from flask import Response
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from sqlalchemy.exc import OperationalError

from control_ui.services import fleet_figures, scrape_targets
from control_ui.views.api.operation import Api, Call
from control_ui.views.api.schemas.metrics import Targets
from control_ui.views.fleet_metrics import registry_of
from control_ui.views.machine_authentication import PROMETHEUS
from control_ui.views.request_metrics import request_metrics

log = logging.getLogger(__name__)
api = Api("prometheus", "monitoring", prefix="")


@api.get("/api/prometheus/targets", guard=PROMETHEUS, returns=Targets)
def targets(call: Call) -> Targets:
    """List the Pis for Prometheus' HTTP service discovery (`http_sd_configs`)."""
    return Targets.model_validate(scrape_targets.targets(call.session))


@api.get("/metrics", guard=PROMETHEUS, media_types=("text/plain",))
def metrics(call: Call) -> Response:
    """Give the control plane's own metrics.

    Those of its requests are of this process; those of the fleet are counted in the database, and are missing while it
    does not answer (`carwash_control_database_up` is 0 then)."""
    try:
        figures = fleet_figures.read(call.session, call.now)
    except OperationalError as error:
        log.error("no figures of the fleet: the database does not answer: %s", error.orig)
        figures = None
    text = generate_latest(request_metrics().registry) + generate_latest(registry_of(figures))
    return Response(text, content_type=CONTENT_TYPE_PLAIN_0_0_4)
