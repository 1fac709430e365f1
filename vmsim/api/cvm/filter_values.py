"""What a filter's values must look like, where the cloud publishes a code for one that cannot be."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from ipaddress import IPv4Address, IPv6Address

from vmsim.cloud.query import Filter
from vmsim.model import ids
from vmsim.model.errors import Malformed
from vmsim.model.regions import check_zone


def check(filters: Sequence[Filter], region: str) -> None:
    """Raises Malformed, or UsageError for a zone of another region."""
    for asked in filters:
        if asked.name == "zone":
            for value in asked.values:
                check_zone(region, value)
        elif asked.name in _RULES:
            _check(asked, *_RULES[asked.name])


def _check(asked: Filter, possible: Callable[[str], bool], code: str, words: str) -> None:
    for value in asked.values:
        if not possible(value):
            raise Malformed(f"Filter {asked.name}: {value!r} is no {words}.", code=code)


def _id(prefix: str) -> Callable[[str], bool]:
    return lambda value: ids.is_id(prefix, value)


def _made_of(kind: Callable[[str], object]) -> Callable[[str], bool]:
    def possible(value: str) -> bool:
        try:
            kind(value)
        except ValueError:
            return False
        return True

    return possible


_RULES: dict[str, tuple[Callable[[str], bool], str, str]] = {
    "instance-id": (_id("ins"), "InvalidParameterValue.InstanceIdMalformed", "instance id"),
    "vpc-id": (_id("vpc"), "InvalidParameterValue.VpcIdMalformed", "VPC id"),
    "subnet-id": (_id("subnet"), "InvalidParameterValue.SubnetIdMalformed", "subnet id"),
    "security-group-id": (_id("sg"), "InvalidSgId.Malformed", "security group id"),
    "host-id": (_id("host"), "InvalidHostId.Malformed", "host id"),
    "uuid": (_made_of(uuid.UUID), "InvalidParameterValue.UuidMalformed", "uuid"),
    "private-ip-address": (_made_of(IPv4Address), "InvalidParameterValue.IPAddressMalformed", "IPv4 address"),
    "public-ip-address": (_made_of(IPv4Address), "InvalidParameterValue.IPAddressMalformed", "IPv4 address"),
    "ipv6-address": (_made_of(IPv6Address), "InvalidParameterValue.IPv6AddressMalformed", "IPv6 address"),
}
