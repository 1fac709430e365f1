"""Whose address is it? What a guest may be told about itself."""

from __future__ import annotations

from dataclasses import dataclass

from vmsim.cloud.context import Cloud
from vmsim.model.instance import Instance
from vmsim.model.key_pair import KeyPair
from vmsim.model.network import Subnet
from vmsim.store import instances, key_pairs, networks
from vmsim.store.schema import instances as table
from vmsim.store.schema import subnets


@dataclass(frozen=True)
class Guest:
    """An instance with what belongs to it."""

    instance: Instance
    subnet: Subnet
    keys: tuple[KeyPair, ...]


def at(cloud: Cloud, private_address: str) -> Guest | None:
    """The instance with this address; subnets of a home never overlap, so there is at most one."""
    with cloud.store.reading() as connection:
        found = instances.where(connection, table.c.private_ip == private_address)
        if not found:
            return None
        instance = found[0]
        (subnet,) = networks.subnets_where(connection, subnets.c.id == instance.subnet_id)
        pairs = key_pairs.by_ids(connection, instance.region, instance.key_ids)
    return Guest(instance, subnet, tuple(pairs[ident] for ident in instance.key_ids if ident in pairs))
