"""VPCs and subnets as far as an instance needs an address. Every region has a default VPC, every zone a default subnet.

All subnets of a home share one lab, so their ranges must not meet: regions take 172.16/16 to 172.31/16 in the order of
their first use, zones a /20 of it. Public addresses come from the documentation ranges, which exist nowhere else.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from ipaddress import IPv4Address, IPv4Network

DEFAULT_RANGES = tuple(IPv4Network(f"172.{second}.0.0/16") for second in range(16, 32))
PUBLIC_RANGES = (IPv4Network("203.0.113.0/24"), IPv4Network("198.51.100.0/24"))
METADATA = (IPv4Address("169.254.0.23"), IPv4Address("169.254.169.254"))
"""Where a guest is told about itself: the cloud's own address, and the one that cloud-init knows."""
METADATA_NAME = "metadata.tencentyun.com"
RESERVED_HOSTS = 2
"""The network's own address and the gateway; the last address (broadcast) is never given."""


@dataclass(frozen=True)
class Vpc:
    id: str
    region: str
    name: str
    cidr: IPv4Network
    default: bool
    created: datetime | None = None
    """None: before that was written down."""
    dns_servers: tuple[str, ...] = ()
    """As they were asked for; empty is what the cloud gives."""
    domain_name: str = ""
    multicast: bool = False
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Subnet:
    """`number` is unique in a home and names the bridge."""

    id: str
    vpc_id: str
    region: str
    zone: str
    name: str
    cidr: IPv4Network
    default: bool
    number: int
    created: datetime | None = None
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def gateway(self) -> IPv4Address:
        return self.cidr.network_address + 1

    @property
    def bridge(self) -> str:
        return f"vmsim{self.number}"

    @property
    def network(self) -> str:
        """libvirt's name for it."""
        return self.id


def mac_of(address: IPv4Address) -> str:
    """A fixed MAC for a private address: QEMU's prefix and the address's last three octets."""
    octets = address.packed[1:]
    return "52:54:" + ":".join(f"{octet:02x}" for octet in (0x00, *octets))
