"""Writes the example inventory of 500 sites. The same text every time, on every machine.

python inventory/generate_example.py inventory/production/hosts.yml
"""

from __future__ import annotations

import csv
import hashlib
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

SITE_COUNT = 500
PLACES_FILE = Path(__file__).with_name("us_places.csv")
# Share of the sites, as cumulated fractions.
TENANTS = {"bluewave": 0.28, "sudsy": 0.50, "sparkle": 0.68, "cleancar": 0.82, "rainmaker": 0.93, "foamworks": 1.0}
HARDWARE = {"pi4_2gb": 0.55, "pi4_4gb": 0.90, "pi5_4gb": 1.0}
RINGS = {"canary": 10, "early": 50, "main": 440}
CAMERA_PATHS = {
    "/Streaming/Channels/101": 0.5,
    "/cam/realmonitor?channel=1&subtype=0": 0.8,
    "/axis-media/media.amp?videocodec=h264": 1.0,
}
HEADER = """\
---
# 500 example sites, made by inventory/generate_example.py. Real fleets replace this file.
# Addresses are from 198.18.0.0/15, which is reserved for tests.
"""


@dataclass(frozen=True)
class Place:
    city: str
    state: str
    region: str
    latitude: float
    longitude: float


@dataclass(frozen=True)
class Site:
    """One car wash: its inventory name, where it is, and which groups it belongs to."""

    name: str
    place: Place
    number: int

    @property
    def groups(self) -> list[str]:
        """Tenant, region, hardware group."""
        return [
            f"tenant_{_pick(TENANTS, self.name, 'tenant')}",
            f"region_{self.place.region}",
            f"hardware_{_pick(HARDWARE, self.name, 'hardware')}",
        ]

    @property
    def variables(self) -> dict[str, Any]:
        place = self.place
        return {
            "ansible_host": f"198.{18 + self.number // 256}.{self.number % 256}.10",
            "site_name": f"{place.city} {self.name.rpartition('-')[2]}",
            "site_city": place.city,
            "site_state": place.state,
            "site_latitude": round(place.latitude + 0.16 * (_fraction(self.name, "latitude") - 0.5), 4),
            "site_longitude": round(place.longitude + 0.16 * (_fraction(self.name, "longitude") - 0.5), 4),
            "camera_host": "192.168.50.64",
            "camera_port": 554,
            "camera_path": _pick(CAMERA_PATHS, self.name, "camera"),
            "camera_user": "viewer",
        }


def sites() -> list[Site]:
    """All example sites, by name. Every place has at least one; the rest fall where chance puts them."""
    places = read_places()
    chosen = places + [places[int(_fraction(str(n), "place") * len(places))] for n in range(SITE_COUNT - len(places))]
    counts: dict[Place, int] = {}
    named = []
    for place in chosen:
        counts[place] = counts.get(place, 0) + 1
        slug = re.sub(r"[^a-z]+", "-", place.city.lower())
        named.append((f"{slug}-{place.state.lower()}-{counts[place]:02}", place))
    return [Site(name, place, number) for number, (name, place) in enumerate(sorted(named, key=lambda pair: pair[0]))]


def inventory() -> dict[str, Any]:
    """The inventory as Ansible reads it."""
    everyone = sites()
    groups: dict[str, list[str]] = {f"ring_{ring}": [] for ring in RINGS}
    by_chance = sorted(everyone, key=lambda site: _fraction(site.name, "ring"))
    for ring, count in RINGS.items():
        groups[f"ring_{ring}"] = sorted(site.name for site in by_chance[:count])
        by_chance = by_chance[count:]
    for site in everyone:
        for group in site.groups:
            groups.setdefault(group, []).append(site.name)
    children: dict[str, Any] = {name: {"hosts": dict.fromkeys(members)} for name, members in groups.items()}
    children["pis"] = {"hosts": {site.name: site.variables for site in everyone}}
    children["env_production"] = {"children": {"pis": None}}
    return {"all": {"children": {name: children[name] for name in _reading_order(children)}}}


def render() -> str:
    """The inventory file's text."""

    class Dumper(yaml.SafeDumper):
        """Writes an absent value as nothing, which is how people write host lists."""

    Dumper.add_representer(type(None), lambda dumper, _: dumper.represent_scalar("tag:yaml.org,2002:null", ""))
    return HEADER + yaml.dump(inventory(), Dumper=Dumper, sort_keys=False, width=120, allow_unicode=True)


def read_places() -> list[Place]:
    """The table of cities, north-east to west."""
    with PLACES_FILE.open(encoding="utf-8", newline="") as stream:
        return [
            Place(row["city"], row["state"], row["region"], float(row["latitude"]), float(row["longitude"]))
            for row in csv.DictReader(stream)
        ]


def _reading_order(names: dict[str, Any]) -> list[str]:
    first = ["env_production", "pis", *(f"ring_{ring}" for ring in RINGS)]
    return first + sorted(set(names) - set(first))


def _fraction(*seed: str) -> float:
    """A number in [0, 1) that only depends on `seed`. (`random` may change between Python versions.)"""
    return int.from_bytes(hashlib.sha256("/".join(seed).encode()).digest()[:6]) / 2**48


def _pick(cumulated: dict[str, float], *seed: str) -> str:
    fraction = _fraction(*seed)
    return next(name for name, limit in cumulated.items() if fraction < limit)


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit("usage: python inventory/generate_example.py FILE")
    Path(sys.argv[1]).write_text(render(), encoding="utf-8")


if __name__ == "__main__":
    main()
