"""Addresses of real guests: the private one never changes, the public one answers in the lab."""

from __future__ import annotations

import pytest

from .homes import NANO, RunningHome, View, until

pytestmark = pytest.mark.guest


@pytest.fixture(scope="module")
def guest(cloud: RunningHome) -> View:
    (made,) = cloud.launch("public", bandwidth_out=10)
    return made


def banner(cloud: RunningHome, address: str) -> str:
    """What answers on the SSH port of an address, asked from inside the lab."""
    ask = f"exec 3<>/dev/tcp/{address}/22 && head -c 7 <&3"
    return cloud.in_lab("timeout", "5", "bash", "-c", ask, check=False)


def addresses_inside(cloud: RunningHome, guest: View) -> list[str]:
    return cloud.inside(guest["id"], "cat /sys/class/net/eth0/address; hostname; ip -4 -o addr show eth0").split()


def labelled(cloud: RunningHome) -> str:
    return cloud.in_lab("ip", "-4", "-o", "address", "show", "dev", "lo")


def test_private_address_and_mac_stay(cloud: RunningHome, guest: View) -> None:
    shown = cloud.described(guest["id"])
    assert shown["PrivateIpAddresses"] == [guest["private_ip"]]
    before = addresses_inside(cloud, guest)
    assert before[:2] == [guest["mac"], guest["host_name"]]
    assert any(word.startswith(f"{guest['private_ip']}/") for word in before)
    cloud.do(guest["id"], "stop", stopped_mode="KEEP_CHARGING")
    cloud.do(guest["id"], "start")
    cloud.wait_up(guest["id"])
    assert addresses_inside(cloud, guest)[:2] == before[:2]
    assert cloud.instance(guest["id"])["private_ip"] == guest["private_ip"]


def test_the_public_address_answers_and_is_kept(cloud: RunningHome, guest: View) -> None:
    shown = cloud.described(guest["id"])
    assert shown["PublicIpAddresses"] == [guest["public_ip"]], "kept over the stop of the test before"
    assert banner(cloud, guest["public_ip"]) == "SSH-2.0"


def test_stop_charging_releases_it(cloud: RunningHome, guest: View) -> None:
    ident, old = guest["id"], guest["public_ip"]
    cloud.api("StopInstances", InstanceIds=[ident], StoppedMode="STOP_CHARGING")
    assert cloud.settled(cloud.operations(ident)[0])["state"] == "SUCCESS"
    shown = cloud.described(ident)
    assert not shown["PublicIpAddresses"] and shown["StopChargingMode"] == "STOP_CHARGING"
    assert old not in labelled(cloud) and old not in cloud.in_lab("nft", "list", "ruleset")
    # Somebody else takes it meanwhile, so that it is seen to be free.
    (other,) = cloud.launch("other", bandwidth_out=5, wait=False)
    assert other["public_ip"] == old

    cloud.do(ident, "start")
    again = cloud.instance(ident)
    assert again["public_ip"] not in (None, old) and again["stop_charging"] is False
    cloud.wait_up(ident)
    assert banner(cloud, again["public_ip"]) == "SSH-2.0"


def test_guests_reach_each_other_and_terminating_leaves_nothing(cloud: RunningHome, guest: View) -> None:
    here, there = cloud.instance(guest["id"]), cloud.instance("other")
    cloud.wait_up(there["id"])
    cloud.inside(here["id"], f"ping -c 1 -W 5 {there['private_ip']}")
    cloud.do(there["id"], "terminate")
    assert cloud.refusal("StartInstances", InstanceIds=[there["id"]]) == "InvalidInstanceId.NotFound"
    assert there["public_ip"] not in labelled(cloud)
    network = cloud.virsh("net-dumpxml", there["subnet_id"])
    assert there["mac"] not in network and here["mac"] in network
    assert there["id"] not in cloud.virsh("list", "--all", "--name")
    assert not cloud.home.instance(there["id"]).exists()
    until(lambda: cloud.qemu(there["id"]) is None)
    assert here["type_name"] == NANO
