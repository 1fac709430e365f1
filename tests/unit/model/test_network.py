"""Ranges do not meet, gateways and bridges have their names, a MAC follows from the address."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network
from itertools import combinations

from vmsim.model.network import DEFAULT_RANGES, PUBLIC_RANGES, Subnet, mac_of
from vmsim.model.regions import REGIONS


def test_no_two_ranges_meet() -> None:
    assert not any(one.overlaps(other) for one, other in combinations((*DEFAULT_RANGES, *PUBLIC_RANGES), 2))


def test_private_ranges_are_private_and_public_ones_exist_nowhere() -> None:
    assert all(network.subnet_of(IPv4Network("172.16.0.0/12")) for network in DEFAULT_RANGES)
    assert [str(network) for network in PUBLIC_RANGES] == ["203.0.113.0/24", "198.51.100.0/24"]


def test_a_range_holds_a_subnet_for_every_zone() -> None:
    most = max(len(row.zones) for row in REGIONS.values())
    assert len(list(DEFAULT_RANGES[0].subnets(new_prefix=20))) >= most


def test_a_subnet_names_its_parts() -> None:
    cidr = IPv4Network("172.16.32.0/20")
    subnet = Subnet("subnet-12345678", "vpc-1", "ap-tokyo", "ap-tokyo-1", "default", cidr, True, 7)
    assert subnet.gateway == IPv4Address("172.16.32.1")
    assert (subnet.bridge, subnet.network) == ("vmsim7", "subnet-12345678")


def test_a_mac_is_qemus_and_differs_where_the_address_does() -> None:
    assert mac_of(IPv4Address("172.16.0.2")) == "52:54:00:10:00:02"
    addresses = [network.network_address + offset for network in DEFAULT_RANGES for offset in (2, 3, 258, 65533)]
    assert len({mac_of(address) for address in addresses}) == len(addresses)
