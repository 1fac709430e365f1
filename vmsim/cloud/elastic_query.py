"""Describing public addresses: EIPs, and when they are asked for also the ordinary ones of instances.

A home has a few hundred at most (the public ranges hold no more), so they are filtered here and not by the database.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from vmsim.cloud.context import Cloud
from vmsim.cloud.query import Filter, Page
from vmsim.model.address import BY_TRAFFIC, Address, AddressStatus
from vmsim.model.errors import UsageError
from vmsim.model.instance import Instance
from vmsim.model.network import interface_id
from vmsim.store import addresses, instances
from vmsim.store.schema import addresses as table
from vmsim.store.schema import instances as instance_table

ELASTIC, ORDINARY = "EIP", "WanIP"


@dataclass(frozen=True)
class Shown:
    """A public address and the instance that it is bound to, or on its way to or from."""

    address: Address
    kind: str
    instance: Instance | None
    arrears: bool = False


def query(
    cloud: Cloud, region: str, named: Sequence[str], filters: Sequence[Filter], offset: int, limit: int | None
) -> Page[Shown]:
    """The page and the total, newest first. Raises UsageError for an unknown filter."""
    for asked in filters:
        if asked.name not in _VALUES and not asked.name.startswith("tag:"):
            raise UsageError(
                f"There is no filter {asked.name!r}.",
                hint=f"Known: {', '.join(_VALUES)}, tag:<key>.",
                code="InvalidParameter.InvalidFilter",
            )
    kinds = {value for asked in filters if asked.name == "address-type" for value in asked.values} or {ELASTIC}
    rows = [one for one in _all(cloud, region, kinds) if not named or one.address.id in named]
    found = [one for one in rows if all(_fits(one, asked) for asked in filters)]
    return Page(len(found), tuple(found[offset:][:limit]))


def of_instances(cloud: Cloud, ids: Sequence[str]) -> dict[str, Address]:
    """EIPs that are bound, by instance."""
    with cloud.store.reading() as connection:
        found = addresses.where(connection, table.c.instance_id.in_(ids), table.c.status == AddressStatus.BIND.value)
    return {address.instance_id: address for address in found}


def _all(cloud: Cloud, region: str, kinds: set[str]) -> list[Shown]:
    with cloud.store.reading() as connection:
        elastic = addresses.where(connection, table.c.region == region)
        bound = instances.by_ids(connection, [address.instance_id for address in elastic])
        now = cloud.clock.now()
        found = [
            Shown(address, ELASTIC, bound.get(address.instance_id), address.in_arrears(now)) for address in elastic
        ]
        if ORDINARY in kinds:
            own = {address.ip for address in elastic}
            here = instances.where(
                connection, instance_table.c.region == region, instance_table.c.public_ip.is_not(None)
            )
            found += [_ordinary(instance) for instance in here if instance.public_ip not in own]
    return found


def _ordinary(instance: Instance) -> Shown:
    """It has no id of its own."""
    address = Address(
        id="",
        region=instance.region,
        name="",
        ip=instance.public_ip or "",
        status=AddressStatus.BIND,
        created=instance.created,
        instance_id=instance.id,
        charge_type=instance.internet_charge_type or BY_TRAFFIC,
        bandwidth=instance.bandwidth_out,
    )
    return Shown(address, ORDINARY, instance)


def _fits(one: Shown, asked: Filter) -> bool:
    if asked.name.startswith("tag:"):
        return one.address.tags.get(asked.name.removeprefix("tag:")) in asked.values
    return bool(set(_VALUES[asked.name](one)) & set(asked.values))


_VALUES: Mapping[str, Callable[[Shown], Sequence[str]]] = {
    "address-id": lambda one: [one.address.id],
    "address-name": lambda one: [one.address.name],
    "address-ip": lambda one: [one.address.ip],
    "address-status": lambda one: [one.address.status.value],
    "instance-id": lambda one: [one.address.instance_id],
    "private-ip-address": lambda one: [one.instance.private_ip] if one.instance else [],
    "network-interface-id": lambda one: [interface_id(one.instance.id)] if one.instance else [],
    "is-arrears": lambda one: ["true" if one.arrears else "false"],
    "instance-type": lambda one: ["CVM"] if one.instance else [],
    "address-type": lambda one: [one.kind],
    "address-isp": lambda one: [one.address.isp],
    "dedicated-cluster-id": lambda one: [],
    "tag-key": lambda one: list(one.address.tags),
    "tag-value": lambda one: list(one.address.tags.values()),
}
"""Which values of an address each filter looks at."""
