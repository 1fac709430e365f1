"""The lab's firewall, as the store says it should be."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network

from sqlalchemy import Connection

from vmsim.cloud.context import Cloud
from vmsim.host.ruleset import Guest, PublicAddress, Situation, tap_of
from vmsim.model.lifecycle import InstanceState
from vmsim.store import addresses, instances, networks, security_groups
from vmsim.store.schema import instances as table
from vmsim.store.schema import security_groups as group_table

_OFF = (InstanceState.STOPPED, InstanceState.SHUTDOWN, InstanceState.LAUNCH_FAILED, InstanceState.TERMINATING)
"""One that is terminated has its plug pulled: what is left of it needs no network."""


def apply(cloud: Cloud, *, without: str = "") -> None:
    """Make it so. Computed as a whole and replaced atomically; idempotent. To be called after the commit that changed
    an address, a group or a rule, and before a guest is started. `without`: an instance that is being removed, whatever
    its record says yet."""
    cloud.firewall.apply(lambda: situation(cloud, without))


def situation(cloud: Cloud, without: str = "") -> Situation:
    """Guests that are on, or on their way, and the groups that they have: reading the rules of all would take longer
    than all the rest. Addresses of all, so that one that is off is silent and not the lab's."""
    with cloud.store.reading() as connection:
        guests = _guests(connection, without)
        used = {ident for guest in guests for ident in guest.group_ids}
        return Situation(
            public=_public(connection),
            guests=guests,
            groups=tuple(security_groups.where(connection, group_table.c.id.in_(used))),
            vpcs=_vpcs(connection),
        )


def _guests(connection: Connection, without: str) -> tuple[Guest, ...]:
    columns = [table.c.id, table.c.mac, table.c.private_ip, table.c.security_group_ids]
    on = (table.c.state.not_in([state.value for state in _OFF]), table.c.id != without)
    return tuple(
        Guest(tap_of(row.id), row.mac, IPv4Address(row.private_ip), tuple(row.security_group_ids))
        for row in instances.columns(connection, columns, *on)
    )


def _public(connection: Connection) -> tuple[PublicAddress, ...]:
    """What leaves by an EIP is held to that one's bandwidth."""
    elastic = {address.ip: address.bandwidth for address in addresses.where(connection)}
    columns = [table.c.public_ip, table.c.private_ip, table.c.bandwidth_out]
    return tuple(
        PublicAddress(
            IPv4Address(row.public_ip), IPv4Address(row.private_ip), elastic.get(row.public_ip, row.bandwidth_out)
        )
        for row in instances.columns(connection, columns, table.c.public_ip.is_not(None))
    )


def _vpcs(connection: Connection) -> dict[str, tuple[IPv4Network, ...]]:
    found: dict[str, tuple[IPv4Network, ...]] = {}
    for subnet in networks.subnets_where(connection):
        found[subnet.vpc_id] = (*found.get(subnet.vpc_id, ()), subnet.cidr)
    return found
