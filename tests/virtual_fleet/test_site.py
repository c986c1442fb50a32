"""Names and addresses of sites."""

from __future__ import annotations

import pytest

from virtual_fleet.errors import FleetError
from virtual_fleet.site import MAX_SITES, Site, check_fleet_name


def sites() -> list[Site]:
    return [Site("demo", index, "10.77") for index in range(MAX_SITES)]


def test_every_site_has_its_own_addresses_and_names() -> None:
    addresses = [address for site in sites() for address in (site.address, site.camera_address)]
    assert len(set(addresses)) == 2 * MAX_SITES
    assert "10.77.255.254" not in addresses
    assert len({(site.name, site.veth, site.mac_address) for site in sites()}) == MAX_SITES


def test_addresses_go_on_in_the_next_block_after_250_sites() -> None:
    assert [sites()[index].address for index in (0, 249, 250)] == ["10.77.0.2", "10.77.0.251", "10.77.1.2"]


def test_interface_names_fit_the_kernels_15_characters() -> None:
    longest = check_fleet_name("a" * 11)
    assert len(Site(longest, MAX_SITES - 1, "10.77").veth) <= 15


@pytest.mark.parametrize("name", ["", "Demo", "with-hyphen", "1st", "a" * 12, "../etc"])
def test_a_name_that_cannot_be_an_interface_is_refused(name: str) -> None:
    with pytest.raises(FleetError, match="cannot name a fleet"):
        check_fleet_name(name)
