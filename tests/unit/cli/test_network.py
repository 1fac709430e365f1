from __future__ import annotations

from vmsim.cloud.context import Cloud
from vmsim.model.address import Address, AddressStatus
from vmsim.store import addresses

from .conftest import Vmsim

REGION = "ap-guangzhou"


def test_before_anything_was_launched_there_is_nothing(vmsim: Vmsim, cloud: Cloud) -> None:
    assert vmsim("network", "list", "--output", "json").json() == {
        "subnets": [],
        "security_groups": [],
        "addresses": [],
    }
    assert vmsim("network", "list").code == 0


def test_what_is_there_and_what_of_it_is_used(vmsim: Vmsim, web: str) -> None:
    found = vmsim("network", "list", "--output", "json").json()
    (subnet,), (group,) = found["subnets"], found["security_groups"]
    assert (subnet["free"], subnet["cidr"], subnet["vpc"]["cidr"]) == (4092, "172.16.0.0/20", "172.16.0.0/16")
    assert group["instance_ids"] == [web]
    out = vmsim("network", "list").out
    assert all(ident in out for ident in (subnet["id"], subnet["vpc"]["id"], group["id"]))
    assert vmsim("network", "list", "--region", "ap-beijing", "--output", "json").json()["subnets"] == []


def test_a_region_that_there_is_not(vmsim: Vmsim, cloud: Cloud) -> None:
    ran = vmsim("network", "list", "--region", "ap-nowhere")
    assert ran.code == 2 and "There is no region 'ap-nowhere'" in ran.err
    assert vmsim("network", "list", "--region", "").code == 2


def test_an_eip_stands_beside_them(vmsim: Vmsim, cloud: Cloud) -> None:
    assert "EIP" not in vmsim("network", "list").out
    made = Address("eip-abcdefgh", REGION, "door", "203.0.113.9", AddressStatus.UNBIND, cloud.clock.now())
    with cloud.store.writing() as connection:
        addresses.add(connection, made)
    assert "203.0.113.9" in vmsim("network", "list").out
    (shown,) = vmsim("network", "list", "--output", "json").json()["addresses"]
    assert (shown["id"], shown["status"]) == (made.id, "UNBIND")
