"""What Prometheus asks for: where the Pis are, and the control plane's own metrics."""

from __future__ import annotations

import logging

from flask import Response
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from sqlalchemy.exc import OperationalError

from control_ui.services import device_metrics, fleet_figures, scrape_targets
from control_ui.views import control_metrics
from control_ui.views import device_metrics as device_families
from control_ui.views.api.operation import Api, Call
from control_ui.views.api.schemas.metrics import Targets
from control_ui.views.fleet_metrics import registry_of
from control_ui.views.machine_authentication import PROMETHEUS
from control_ui.views.request_metrics import request_metrics
from control_ui.views.state import app_state

log = logging.getLogger(__name__)
api = Api("prometheus", "monitoring", prefix="")


@api.get("/api/prometheus/targets", guard=PROMETHEUS, returns=Targets)
def targets(call: Call) -> Targets:
    """List the Pis for Prometheus' HTTP service discovery (`http_sd_configs`)."""
    return Targets.model_validate(scrape_targets.targets(call.session))


@api.get("/api/prometheus/devices", guard=PROMETHEUS, media_types=("text/plain",))
def devices(call: Call) -> Response:
    """Give what the devices told at their last check-ins, in Prometheus' format.

    Each series has the labels of the device's target (scrape it with `honor_labels`): whether it checks in, how long
    ago it did, the likeliest cause of its trouble; and for a Pi without an address, which cannot be scraped, the Pi's
    own metrics for as long as it checks in."""
    registry = device_families.registry_of(device_metrics.read(call.session, call.now))
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_PLAIN_0_0_4)


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
    registries = (request_metrics().registry, control_metrics.registry_of(app_state().settings), registry_of(figures))
    text = b"".join(generate_latest(registry) for registry in registries)
    return Response(text, content_type=CONTENT_TYPE_PLAIN_0_0_4)
