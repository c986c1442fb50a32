"""Whether many suffer from one thing, and from what: pure functions over plain data."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from control_ui.services.healing.plain import Case, Outage, Patient, Sizes

WITHIN = timedelta(minutes=10)
LEAST_DEVICES = 3
LEAST_SHARE = 0.2
FEW_LEFT_SHARE = 0.1
QUIET = timedelta(minutes=5)
"""So long nobody has come back any more: what is left then are single faults."""
_MOST = 0.8
Traits = Mapping[str, str]
"""What a device has in common with others: `{"region": "west", "address": "10.3.0.0/16"}`; empty is unknown."""


def outages(cases: Collection[Case], patients: Mapping[int, Patient], sizes: Sizes, now: datetime) -> list[Outage]:
    """New ones: for each condition the devices that got it within ten minutes, in whichever tenant, region, or fleet
    they are at least three and a fifth of those that have ever checked in."""
    recent: dict[str, dict[int, Case]] = defaultdict(dict)
    for case in cases:
        if case.incident_id is None and now - case.since <= WITHIN and case.device_id in patients:
            recent[_trouble(case)][case.device_id] = case
    found = []
    for trouble in sorted(recent):
        members = _members(list(recent[trouble].values()), patients, sizes)
        if members:
            condition = next(iter(recent[trouble].values())).condition
            found.append(_outage(condition, members, patients, sizes))
    return found


def _trouble(case: Case) -> str:
    """Offline is offline, whatever the cause turns out to be."""
    return case.condition


def _members(cases: Sequence[Case], patients: Mapping[int, Patient], sizes: Sizes) -> set[int]:
    groups: dict[tuple[int | None, str | None], set[int]] = defaultdict(set)
    for case in cases:
        region = patients[case.device_id].region
        for group in ((None, None), (case.tenant_id, None), (case.tenant_id, region), (None, region)):
            groups[group].add(case.device_id)
    members: set[int] = set()
    for (tenant_id, region_of), devices in groups.items():
        size = _size(sizes, tenant_id, region_of)
        if region_of != "" and size and is_wide(len(devices), size):  # no region is no place they have in common
            members |= devices
    return members


def _size(sizes: Sizes, tenant_id: int | None, region: str | None) -> int:
    if region is not None:
        return sizes.regions.get((tenant_id, region), 0)
    return sizes.fleet if tenant_id is None else sizes.tenants.get(tenant_id, 0)


def is_wide(affected: int, size: int) -> bool:
    return affected >= LEAST_DEVICES and affected >= LEAST_SHARE * size


def _outage(condition: str, members: set[int], patients: Mapping[int, Patient], sizes: Sizes) -> Outage:
    tenants = frozenset(patients[device_id].tenant_id for device_id in members)
    return Outage(condition, frozenset(members), tenants, is_wide(len(members), sizes.fleet))


def is_over(still: int, members: int, last_return_at: datetime | None, now: datetime) -> bool:
    """Whether an outage of `members` devices is: all are back, or so few are left that they are single faults, and
    nobody has come back for a while."""
    if still == 0:
        return True
    few = still < LEAST_DEVICES or still <= FEW_LEFT_SHARE * members
    return few and last_return_at is not None and now - last_return_at >= QUIET


def likely_cause(affected: Collection[int], traits: Mapping[int, Traits], names: Mapping[str, str]) -> str:
    """What the affected have in common and the others have not, as a sentence. `traits` are those of all devices of the
    fleet, `names` the words for each trait, the most telling first."""
    others = [device_id for device_id in traits if device_id not in affected]
    if not others:
        return (
            "All devices of the fleet at once: look at this control plane's own web server, its network and its name"
            " first"
        )
    best: tuple[float, str] = (0.0, "")
    for trait, word in names.items():
        values = Counter(traits[device_id].get(trait, "") for device_id in affected if device_id in traits)
        value, have = next(((value, count) for value, count in values.most_common() if value), ("", 0))
        with_it = sum(traits[device_id].get(trait, "") == value for device_id in others) if value else 0
        share, precision = have / max(1, len(affected)), have / max(1, have + with_it)
        score = share * precision
        if value and share >= _MOST and precision >= _MOST and score > best[0]:
            best = (score, _sentence(word, value, have, len(affected), with_it, len(others)))
    return best[1] or "Nothing in particular that the affected have in common and the others have not"


def _sentence(word: str, value: str, have: int, affected: int, with_it: int, others: int) -> str:
    all_ = f"All {affected}" if have == affected else f"{have} of {affected}"
    few = "none" if with_it == 0 else str(with_it)
    return f"{word} {value}: {all_} affected sites have it, and {few} of the {others} others"
