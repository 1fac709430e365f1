"""Ranges of addresses as VPCs and subnets may have them, with the published code of each breach."""

from __future__ import annotations

import re
from ipaddress import AddressValueError, IPv4Network, NetmaskValueError

from vmsim.model.errors import UsageError

_FORM = re.compile(r"(\d{1,3}\.){3}\d{1,3}/\d{1,2}", re.ASCII)
_VPC_RANGES: tuple[tuple[IPv4Network, int], ...] = (
    (IPv4Network("10.0.0.0/8"), 12),
    (IPv4Network("172.16.0.0/12"), 12),
    (IPv4Network("192.168.0.0/16"), 16),
)
"""What a VPC may be a part of, and the shortest prefix it may have there."""
_LONGEST = 28
_SHORTEST_OF_A_SUBNET = 16
_MALFORMED = "InvalidParameterValue.Malformed"


def parsed(text: str) -> IPv4Network:
    """A range in its one notation: four numbers, a prefix, and nothing behind the prefix."""
    try:
        if _FORM.fullmatch(text):
            return IPv4Network(text)
    except (AddressValueError, NetmaskValueError, ValueError) as error:
        raise UsageError(f"{text!r} is no range of addresses: {error}.", code=_MALFORMED) from error
    raise UsageError(f"{text!r} is no range of addresses; one looks like 10.0.0.0/16.", code=_MALFORMED)


def of_vpc(text: str) -> IPv4Network:
    """What a VPC may have."""
    found = parsed(text)
    for outer, shortest in _VPC_RANGES:
        if found.subnet_of(outer):
            _check_prefix(found, shortest)
            return found
    known = ", ".join(str(outer) for outer, _ in _VPC_RANGES)
    raise UsageError(f"{found} is not private: a VPC is a part of {known}.", code="InvalidParameterValue")


def of_subnet(text: str, vpc: IPv4Network) -> IPv4Network:
    """What a subnet of this VPC may have."""
    found = parsed(text)
    _check_prefix(found, _SHORTEST_OF_A_SUBNET)
    if not found.subnet_of(vpc):
        raise UsageError(f"{found} is not within the VPC's {vpc}.", code="InvalidParameterValue.SubnetRange")
    return found


def _check_prefix(found: IPv4Network, shortest: int) -> None:
    if not shortest <= found.prefixlen <= _LONGEST:
        raise UsageError(
            f"{found} has a prefix of /{found.prefixlen}; /{shortest} to /{_LONGEST} are possible here.",
            code="InvalidParameterValue",
        )
