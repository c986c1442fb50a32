"""Dashboards: of Grafana's form, in step with what writes them, and with an answer to every query."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard

from tests.monitoring import names
from tests.monitoring.rules import REPOSITORY, everything, promtool
from tests.monitoring.stack import Prometheus, Served, alertmanager, prometheus, serving
from tests.monitoring.told import Told, told
from tools.dashboards.files import DASHBOARDS, text

__all__ = ["told"]

FILES = sorted((REPOSITORY / "monitoring" / "grafana" / "dashboards").glob("*.json"))
PATIENCE_SECONDS = 60.0
VARIABLES = {"$tenant": ".*", "$region": ".*", "$site": ".*", "$__rate_interval": "1m", "$datasource": "x"}
Json = dict[str, Any]


def documents() -> Iterator[tuple[str, Json]]:
    for path in FILES:
        yield path.stem, json.loads(path.read_text())


def queries(document: Json) -> Iterator[tuple[str, str]]:
    """Title of the panel and PromQL, the variables filled in."""
    for panel in document["panels"]:
        for target in panel["targets"]:
            yield panel["title"], _filled(target["expr"])


def _filled(expression: str) -> str:
    for name, value in VARIABLES.items():
        expression = expression.replace(name, value)
    return expression


def expressions() -> Iterator[str]:
    """Of all dashboards and rules."""
    for _, document in documents():
        yield from (query for _, query in queries(document))
    yield from (rule["expr"] for rule in everything())


@pytest.mark.parametrize("name", DASHBOARDS)
def test_the_files_are_what_is_written_from_the_source(name: str) -> None:
    path = next(path for path in FILES if path.stem == name)
    assert path.read_text() == text(name), "run python -m tools.dashboards"


def test_there_is_no_file_without_a_source() -> None:
    assert {path.stem for path in FILES} == DASHBOARDS.keys()


@pytest.mark.parametrize("name", DASHBOARDS)
def test_grafanas_own_types_know_everything_in_it(name: str) -> None:
    """Read and written by Grafana's own types nothing is lost, nothing is of another kind."""
    document = json.loads(text(name))
    again = json.loads(json.dumps(Dashboard.from_json(document), cls=JSONEncoder))
    assert _missing(document, again, name) == []


def _missing(given: Any, kept: Any, at: str) -> list[str]:
    if isinstance(given, dict) and isinstance(kept, dict):
        return [fault for key, value in given.items() for fault in _missing(value, kept.get(key), f"{at}.{key}")]
    if isinstance(given, list) and isinstance(kept, list) and len(given) == len(kept):
        pairs = enumerate(zip(given, kept, strict=True))
        return [fault for place, (one, other) in pairs for fault in _missing(one, other, f"{at}[{place}]")]
    return [] if given == kept else [f"{at}: {given!r} became {kept!r}"]


@pytest.mark.parametrize("name", DASHBOARDS)
def test_panels_have_titles_places_and_numbers_of_their_own(name: str) -> None:
    document = json.loads(text(name))
    panels = document["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    assert len({panel["title"] for panel in panels}) == len(panels)
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        place = panel["gridPos"]
        cells = {(place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])}
        assert place["x"] + place["w"] <= 24
        assert not cells & taken
        taken |= cells
    chosen = [variable["name"] for variable in document["templating"]["list"]]
    assert chosen == ["datasource", "control_url", "tenant", "region", "site"]


def test_dashboards_lead_to_the_pages() -> None:
    for name, document in documents():
        assert "${control_url}/" in [link["url"] for link in document["links"]], name
    assert "/sites/named/${__data.fields.tenant}/${__data.fields.device}" in text("fleet-overview")
    assert DASHBOARDS["device-deep-dive"]()["uid"] == "carwash-device", "the charts of a site link to it"


def test_every_query_is_answered_by_a_real_prometheus(told: Told, tmp_path: Path) -> None:
    """Fed with what a Pi and the control plane really tell."""
    texts = {
        "pis": told.asked_again,
        "devices": lambda: told.devices,
        "control_plane": lambda: told.control_plane,
        "node": lambda: told.node,
    }
    with (
        serving(texts) as served,
        alertmanager(tmp_path / "alertmanager") as notifier,
        prometheus(tmp_path / "prometheus", served.address, notifier) as running,
    ):
        wanted = [(f"{name}: {title}", query) for name, document in documents() for title, query in queries(document)]
        assert _unanswered(running, served, wanted) == []
        assert _failing_rules(running) == []
        assert _unknown_names(running) == set()


def _unanswered(running: Prometheus, served: Served, wanted: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """What has no data even after a while. Rates need two scrapes, recorded series an evaluation."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while wanted := [(title, query) for title, query in wanted if not running.query(query)]:
        if not served.wait_for_a_scrape(deadline - time.monotonic()):
            break
    return wanted


def _failing_rules(running: Prometheus) -> list[str]:
    groups = running.ask("/api/v1/rules")["groups"]
    return [
        f"{rule['name']}: {rule['lastError']}" for group in groups for rule in group["rules"] if rule.get("lastError")
    ]


def _unknown_names(running: Prometheus) -> set[str]:
    """Of those that Prometheus and Alertmanager are said to tell."""
    known = set(running.ask("/api/v1/label/__name__/values"))
    return (names.FOREIGN["prometheus"] | names.FOREIGN["alertmanager"] | names.FOREIGN["made by Prometheus"]) - known


def test_every_metric_that_is_used_is_told_by_something_we_run(told: Told) -> None:
    recorded = {rule["record"] for rule in everything() if "record" in rule}
    exposed = recorded.union(*names.FOREIGN.values(), *(names.told(part) for part in (told.pis, told.devices)))
    exposed |= names.told(told.control_plane) | {"carwash_certificate_expiry_timestamp_seconds"}
    used = {name for expression in expressions() for name in names.used(expression)}
    used |= {
        name for rule in everything() for note in rule.get("annotations", {}).values() for name in names.queried(note)
    }
    assert len(used) > 60
    assert used - exposed == set()


def test_names_are_found_in_expressions_and_nothing_else_is_taken_for_one() -> None:
    expression = (
        'sum by (tenant) (rate(a_total{x="b_total"}[5m] offset 1h)) / on (c) group_left (d) max(e:f:g) > bool 0'
    )
    assert names.used(expression) == {"a_total", "e:f:g"}
    note = '{{ with printf "topk(1, h{tenant=%q})" $labels.tenant | query }}{{ . | first | label "cause" }}{{ end }}'
    assert names.queried(note) == {"h"}


@pytest.mark.parametrize("whose", ["pis", "devices", "control_plane"])
def test_promtool_finds_nothing_to_say_about_what_we_tell(told: Told, whose: str) -> None:
    checked = promtool("check", "metrics", text=getattr(told, whose))
    said = [line for line in checked.stderr.splitlines() if not line.startswith(CONTRACTED)]
    assert said == []


CONTRACTED = ("carwash_last_successful_snapshot_timestamp ", "carwash_alerts_active_count ")
"""Names that users were promised, whatever promtool thinks of them."""
