"""VPCs and subnets as far as an instance needs an address. Every region has a default VPC, every zone a default subnet.

All subnets of a home share one lab, so their ranges must not meet: regions take 172.16/16 to 172.31/16 in the order of
their first use, zones a /20 of it. Public addresses come from the documentation ranges, which exist nowhere else.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from ipaddress import IPv4Address, IPv4Network

DEFAULT_RANGES = tuple(IPv4Network(f"172.{second}.0.0/16") for second in range(16, 32))
CLOUDS_DNS = ("183.60.83.19", "183.60.82.98")
"""What the cloud names as a VPC's resolvers. Here that is each subnet's gateway, whatever it is called."""
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

    @property
    def route_table_id(self) -> str:
        """Its one route table, the default one."""
        return self.id.replace("vpc", "rtb", 1)

    @property
    def given_dns(self) -> tuple[str, ...]:
        """Resolvers that its guests are to ask instead of the cloud's own."""
        return () if set(self.dns_servers) <= set(CLOUDS_DNS) else self.dns_servers


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
    def usable(self) -> int:
        """How many addresses can be given: not the network's own, the gateway and the last one."""
        return self.cidr.num_addresses - RESERVED_HOSTS - 1

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


def interface_id(instance_id: str) -> str:
    """The id of an instance's one network card."""
    return instance_id.replace("ins", "eni", 1)


def instance_of(interface: str) -> str:
    """The instance that a network card belongs to."""
    return interface.replace("eni", "ins", 1)
