"""Public addresses: which instance has which."""

from __future__ import annotations

from sqlalchemy import Connection

from vmsim.model.errors import OutOfResources
from vmsim.model.network import PUBLIC_RANGES
from vmsim.store import addresses, instances


def allocate(connection: Connection) -> str:
    """A free public address: no instance has it, and it is no EIP."""
    taken = {*instances.public_addresses(connection), *addresses.taken(connection)}
    for network in PUBLIC_RANGES:
        for address in network.hosts():
            if str(address) not in taken:
                return str(address)
    raise OutOfResources("No public address is left.", code="LimitExceeded.EipNumLimit")
