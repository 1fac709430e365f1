"""The lab's firewall, as the store says it should be."""

from __future__ import annotations

from ipaddress import IPv4Address

from vmsim.cloud.context import Cloud
from vmsim.host import firewall
from vmsim.store import instances


def apply(cloud: Cloud) -> None:
    """Make it so. Computed as a whole and replaced atomically; idempotent. To be called after the commit that changed
    an address, a group or a rule."""
    with cloud.firewall:
        with cloud.store.reading() as connection:
            public = instances.public_addresses(connection)
        firewall.apply(
            [firewall.PublicAddress(IPv4Address(address), IPv4Address(private)) for address, private in public.items()]
        )
