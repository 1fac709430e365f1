"""Addresses, before a stop, during it, and after it: R12, R13, R14. Decided: R12 is the ordinary one, R14 the EIP."""

from __future__ import annotations

from typing import Any

from vmsim.verify.cycle import Row, Steps
from vmsim.verify.guest import STATE_LIMIT, Guest
from vmsim.verify.moment import Moment
from vmsim.verify.outside import SILENT
from vmsim.verify.proof import Proof

_SSH = 22
_BANDWIDTH = 10


def public_address(guest: Guest, proof: Proof) -> Steps:
    address = guest.described[Moment.RUNNING]["PublicIpAddresses"][0]
    _reaches(guest, proof, address)
    yield Moment.STOPPED
    proof.same("while STOPPED", [address], guest.described[Moment.STOPPED]["PublicIpAddresses"])
    _silent(guest, proof, address)
    yield Moment.AGAIN
    proof.same("after the next start", [address], guest.described[Moment.AGAIN]["PublicIpAddresses"])
    _reaches(guest, proof, address)


def private_address(guest: Guest, proof: Proof) -> Steps:
    shown = guest.described[Moment.RUNNING]["PrivateIpAddresses"]
    before = guest.inside.facts()
    proof.same("the guest's own, by DHCP,", shown, [before["address"]])
    yield Moment.STOPPED
    proof.same("while STOPPED", shown, guest.described[Moment.STOPPED]["PrivateIpAddresses"])
    _silent(guest, proof, shown[0])
    yield Moment.AGAIN
    after = guest.inside.facts()
    proof.same("after the next start, inside,", before["address"], after["address"])
    proof.same("MAC", before["mac"], after["mac"])


def elastic_address(guest: Guest, proof: Proof) -> Steps:
    """Allocated and bound here; nobody touches it from then on."""
    api = guest.stage.api
    (ident,) = api.call("AllocateAddresses", service="vpc", InternetMaxBandwidthOut=_BANDWIDTH)["AddressSet"]
    _until(guest, ident, "UNBIND")
    api.call("AssociateAddress", service="vpc", AddressId=ident, InstanceId=guest.id)
    bound = _until(guest, ident, "BIND")
    address = bound["AddressIp"]
    _reaches(guest, proof, address)
    yield Moment.STOPPED
    _unchanged(guest, proof, "while STOPPED", bound)
    proof.same("DescribeInstances", [address], guest.described[Moment.STOPPED]["PublicIpAddresses"])
    _silent(guest, proof, address)
    yield Moment.AGAIN
    _unchanged(guest, proof, "after the next start", bound)
    _reaches(guest, proof, address)


def _reaches(guest: Guest, proof: Proof, address: str) -> None:
    own_key = " ".join(guest.record()["host_key"].split()[:2])
    proof.that(guest.outside.host_key_at(address) == own_key, f"{address} reaches this guest (its host key)")


def _silent(guest: Guest, proof: Proof, address: str) -> None:
    told = guest.outside.refusals(address, _SSH, limit=SILENT)
    words = ", ".join(f"port {name}: {why}" if name.isdecimal() else f"{name}: {why}" for name, why in told.items())
    proof.that(all(told.values()), f"nothing answers there; a client is told ({words})")


def _unchanged(guest: Guest, proof: Proof, when: str, bound: dict[str, Any]) -> None:
    now = _described(guest, bound["AddressId"])
    same = now == bound
    said = f"{when} {now['AddressId']} is {now['AddressStatus']} to {now['InstanceId'] or 'nobody'}, {now['AddressIp']}"
    proof.that(same, said)


def _until(guest: Guest, ident: str, status: str) -> dict[str, Any]:
    def arrived() -> bool:
        return bool(_described(guest, ident)["AddressStatus"] == status)

    guest.stage.until(arrived, STATE_LIMIT, f"{ident} to be {status}")
    return _described(guest, ident)


def _described(guest: Guest, ident: str) -> dict[str, Any]:
    (found,) = guest.stage.api.call("DescribeAddresses", service="vpc", AddressIds=[ident])["AddressSet"]
    return dict(found)


ROWS = (
    Row("R12", "The public address stays", public_address),
    Row("R13", "The private address stays", private_address),
)
ELASTIC_ROWS = (Row("R14", "The elastic address stays", elastic_address),)
