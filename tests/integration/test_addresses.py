"""EIPs of real guests: whoever has one answers at it in the lab, nobody else does, and a stop leaves it alone."""

from __future__ import annotations

import pytest

from .homes import RunningHome, View, until

pytestmark = pytest.mark.guest


@pytest.fixture(scope="module")
def guests(cloud: RunningHome) -> tuple[View, View]:
    one, other = cloud.launch("one", "other")
    return one, other


@pytest.fixture(scope="module")
def eip(cloud: RunningHome) -> str:
    reply = cloud.api("AllocateAddresses", InternetMaxBandwidthOut=50)
    done(cloud, reply["TaskId"])
    return str(reply["AddressSet"][0])


def done(cloud: RunningHome, task: str | int) -> None:
    """Wait for the end of a task; it must succeed."""
    result = until(lambda: ended(cloud, int(task)))
    assert result == "SUCCESS"


def ended(cloud: RunningHome, task: int) -> str:
    result: str = cloud.api("DescribeTaskResult", TaskId=task)["Result"]
    return "" if result == "RUNNING" else result


def shown(cloud: RunningHome, ident: str) -> View:
    (found,) = cloud.api("DescribeAddresses", AddressIds=[ident])["AddressSet"]
    return dict(found)


def bind(cloud: RunningHome, ident: str, guest: View) -> None:
    done(cloud, cloud.api("AssociateAddress", AddressId=ident, InstanceId=guest["id"])["TaskId"])


def unbind(cloud: RunningHome, ident: str) -> None:
    done(cloud, cloud.api("DisassociateAddress", AddressId=ident)["TaskId"])


def key_at(cloud: RunningHome, address: str) -> str:
    """The host key of whoever answers there on the SSH port, asked from inside the lab; "" when nobody does."""
    said = cloud.in_lab("ssh-keyscan", "-T", "5", "-t", "ed25519", address, check=False)
    keys = [line.split(maxsplit=1)[1] for line in said.splitlines() if not line.startswith("#")]
    return keys[0].strip() if keys else ""


def own_key(guest: View) -> str:
    return " ".join(guest["host_key"].split()[:2])


def test_it_reaches_whom_it_is_bound_to(cloud: RunningHome, guests: tuple[View, View], eip: str) -> None:
    address = shown(cloud, eip)["AddressIp"]
    assert key_at(cloud, address) == ""
    for guest in guests:
        bind(cloud, eip, guest)
        assert key_at(cloud, address) == own_key(guest)
        assert cloud.described(guest["id"])["PublicIpAddresses"] == [address]
        unbind(cloud, eip)
        assert key_at(cloud, address) == ""
        assert cloud.described(guest["id"])["PublicIpAddresses"] is None


@pytest.mark.parametrize("mode", ["KEEP_CHARGING", "STOP_CHARGING"])
def test_a_stop_and_a_start_leave_it(cloud: RunningHome, guests: tuple[View, View], eip: str, mode: str) -> None:
    """While the guest is off nothing answers there."""
    guest = guests[0]
    if shown(cloud, eip)["AddressStatus"] != "BIND":
        bind(cloud, eip, guest)
    before = shown(cloud, eip)
    cloud.do(guest["id"], "stop", stopped_mode=mode)
    assert shown(cloud, eip) == before
    assert cloud.described(guest["id"])["PublicIpAddresses"] == [before["AddressIp"]]
    assert key_at(cloud, before["AddressIp"]) == ""
    cloud.do(guest["id"], "start")
    cloud.wait_up(guest["id"])
    assert shown(cloud, eip) == before
    assert key_at(cloud, before["AddressIp"]) == own_key(guest)


def test_an_ordinary_address_becomes_one_and_outlives_its_guest(cloud: RunningHome) -> None:
    (guest,) = cloud.launch("public", bandwidth_out=10)
    address = guest["public_ip"]
    assert key_at(cloud, address) == own_key(guest)
    made = cloud.api("TransformAddress", InstanceId=guest["id"])
    done(cloud, made["TaskId"])
    held = shown(cloud, made["AddressId"])
    assert (held["AddressIp"], held["AddressStatus"], held["InstanceId"]) == (address, "BIND", guest["id"])
    assert key_at(cloud, address) == own_key(guest)
    cloud.do(guest["id"], "terminate")
    left = shown(cloud, made["AddressId"])
    assert (left["AddressIp"], left["AddressStatus"], left["InstanceId"]) == (address, "UNBIND", "")
    assert key_at(cloud, address) == ""
    done(cloud, cloud.api("ReleaseAddresses", AddressIds=[made["AddressId"]])["TaskId"])
    assert address not in cloud.in_lab("ip", "-4", "-o", "address", "show", "dev", "lo")
