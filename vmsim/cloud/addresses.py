"""Public addresses: which instance has which, and the lab's firewall that makes them answer."""

from __future__ import annotations

from ipaddress import IPv4Address

from sqlalchemy import Connection

from vmsim.cloud.context import Cloud
from vmsim.host import firewall
from vmsim.model.errors import OutOfResources
from vmsim.model.network import PUBLIC_RANGES
from vmsim.store import instances


def allocate(connection: Connection) -> str:
    """A free public address."""
    taken = instances.public_addresses(connection)
    for network in PUBLIC_RANGES:
        for address in network.hosts():
            if str(address) not in taken:
                return str(address)
    raise OutOfResources("No public address is left.", code="LimitExceeded.EipNumLimit")


def apply(cloud: Cloud) -> None:
    """Make the lab's firewall what the store says. Computed as a whole and replaced atomically; idempotent."""
    with cloud.firewall:
        with cloud.store.reading() as connection:
            public = instances.public_addresses(connection)
        firewall.apply(
            [firewall.PublicAddress(IPv4Address(address), IPv4Address(private)) for address, private in public.items()]
        )
