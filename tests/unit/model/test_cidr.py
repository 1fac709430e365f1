from __future__ import annotations

from ipaddress import IPv4Network

import pytest

from vmsim.model import cidr
from vmsim.model.errors import UsageError

VPC = IPv4Network("10.0.0.0/16")


@pytest.mark.parametrize("text", ["10.0.0.0/12", "172.31.255.240/28", "192.168.0.0/16"])
def test_private_ranges_are_for_vpcs(text: str) -> None:
    assert str(cidr.of_vpc(text)) == text


@pytest.mark.parametrize("text", ["9.0.0.0/16", "10.0.0.0/11", "192.168.0.0/29", "172.0.0.0/12", "100.64.0.0/16"])
def test_others_are_not(text: str) -> None:
    with pytest.raises(UsageError):
        cidr.of_vpc(text)


@pytest.mark.parametrize(
    "text", ["", "10.0.0.0", "10.0.0.0/16 ", "10.0.0.0/016", "10.0.0.0/-1", "٤.0.0.0/16", "10.0.0.1/16"]
)
def test_there_is_one_way_to_write_a_range(text: str) -> None:
    with pytest.raises(UsageError) as refused:
        cidr.parsed(text)
    assert refused.value.code == "InvalidParameterValue.Malformed"


def test_a_subnet_is_within_its_vpc() -> None:
    assert cidr.of_subnet("10.0.0.0/16", VPC) == VPC
    with pytest.raises(UsageError) as refused:
        cidr.of_subnet("10.1.0.0/28", VPC)
    assert refused.value.code == "InvalidParameterValue.SubnetRange"
