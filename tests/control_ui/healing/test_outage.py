"""Whether many suffer from one thing, and from what."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from control_ui.services.healing.incidents import TRAITS, network
from control_ui.services.healing.outage import is_over, is_wide, likely_cause, outages
from control_ui.services.healing.plain import Case, Patient, Sizes
from tests.control_ui.conftest import NOW

MINUTE = timedelta(minutes=1)


def ill(devices: range, condition: str = "offline", ago: timedelta = MINUTE, tenant_id: int = 1) -> list[Case]:
    return [Case(n, n, tenant_id, condition, "silent", NOW - ago) for n in devices]


def ward(devices: range, tenant_id: int = 1, region: str = "west") -> dict[int, Patient]:
    return {n: Patient(n, tenant_id, f"pi-{n}", region) for n in devices}


@pytest.mark.parametrize(
    ("affected", "fleet", "wide"), [(2, 2, False), (3, 15, True), (3, 16, False), (19, 100, False), (20, 100, True)]
)
def test_it_is_wide_from_a_fifth_and_three_devices_on(affected: int, fleet: int, wide: bool) -> None:
    assert is_wide(affected, fleet) is wide
    sizes = Sizes(fleet, {1: fleet}, {})
    found = outages(ill(range(affected)), ward(range(affected)), sizes, NOW)
    assert bool(found) is wide
    if wide:
        assert (found[0].device_ids, found[0].whole_fleet) == (frozenset(range(affected)), True)


def test_a_region_of_a_tenant_is_enough_and_is_not_the_whole_fleet() -> None:
    sizes = Sizes(100, {1: 50}, {(1, "west"): 10, (None, "west"): 30})
    (found,) = outages(ill(range(3)), ward(range(3)), sizes, NOW)
    assert (found.tenant_ids, found.whole_fleet) == (frozenset({1}), False)


def test_what_began_at_other_times_or_is_another_trouble_is_no_outage() -> None:
    sizes = Sizes(5, {1: 5}, {})
    long_ago = [*ill(range(2)), *ill(range(2, 4), ago=11 * MINUTE)]
    assert outages(long_ago, ward(range(4)), sizes, NOW) == []
    mixed = [*ill(range(2)), *ill(range(2, 4), condition="too_hot")]
    assert outages(mixed, ward(range(4)), sizes, NOW) == []


def test_what_belongs_to_an_incident_makes_no_second_one() -> None:
    members = [replace(case, incident_id=1) for case in ill(range(3))]
    assert outages(members, ward(range(3)), Sizes(5, {1: 5}, {}), NOW) == []


def test_one_outage_of_several_tenants_is_one() -> None:
    cases = [*ill(range(3)), *ill(range(3, 6), tenant_id=2)]
    patients = ward(range(3)) | ward(range(3, 6), tenant_id=2)
    (found,) = outages(cases, patients, Sizes(20, {1: 10, 2: 10}, {}), NOW)
    assert found.tenant_ids == frozenset({1, 2})


@pytest.mark.parametrize(
    ("still", "members", "quiet_minutes", "over"),
    [(0, 3, 0, True), (2, 3, 4, False), (2, 3, 5, True), (3, 10, 60, False), (4, 40, 5, True), (5, 40, 60, False)],
)
def test_it_is_over_when_all_are_back_or_few_are_left_for_a_while(
    still: int, members: int, quiet_minutes: int, over: bool
) -> None:
    assert is_over(still, members, NOW - quiet_minutes * MINUTE, NOW) is over


def test_while_nobody_has_come_back_it_is_not_over() -> None:
    assert not is_over(1, 1, None, NOW)


def traits(**of: str) -> dict[str, str]:
    return {"address": "10.2.0.0/24", "region": "east", "release": "1.0", "configuration": "standard version 3"} | of


@pytest.mark.parametrize("trait", ["address", "region", "release", "configuration"])
def test_the_likely_cause_is_what_the_affected_have_and_the_others_have_not(trait: str) -> None:
    fleet = {n: traits(**({trait: "odd"} if n < 4 else {})) for n in range(10)}
    words = likely_cause({0, 1, 2, 3}, fleet, TRAITS)
    assert words == f"{TRAITS[trait]} odd: All 4 affected sites have it, and none of the 6 others"


def test_one_exception_does_not_hide_the_cause() -> None:
    fleet = {n: traits(**({"region": "west"} if n < 9 else {})) for n in range(30)}
    assert likely_cause(set(range(10)), fleet, TRAITS).startswith("Region west: 9 of 10 affected sites have it")


def test_without_anything_in_common_no_cause_is_made_up() -> None:
    fleet = {n: traits(region=f"r{n}", address=f"10.{n}.0.0/24") for n in range(10)}
    assert likely_cause({0, 1, 2}, fleet, TRAITS).startswith("Nothing in particular")


def test_the_whole_fleet_at_once_points_to_the_control_plane_itself() -> None:
    assert "control plane's own" in likely_cause({1, 2}, {1: {}, 2: {}}, TRAITS)


@pytest.mark.parametrize(
    ("address", "whose"),
    [
        ("10.3.7.9", "10.3.7.0/24"), ("2001:db8:3:4::1", "2001:db8:3::/48"), ("site-9.isp.example", "isp.example"),
        ("pi-1", ""), ("", ""),
    ],
)  # fmt: skip
def test_whose_line_it_is_as_far_as_an_address_tells(address: str, whose: str) -> None:
    assert network(address) == whose
