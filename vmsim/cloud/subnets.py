"""Subnets: made, changed and deleted. The network on the machine is made at its first guest, and goes here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network

from sqlalchemy import Connection

from vmsim.cloud import events, networks, vpcs
from vmsim.cloud.context import Cloud
from vmsim.model import cidr, ids, regions
from vmsim.model.errors import InUse, NotFound, NotSimulated, OutOfResources, UsageError
from vmsim.model.network import Subnet
from vmsim.store import instances
from vmsim.store import networks as table_rows
from vmsim.store.schema import subnets

MOST_OF_A_VPC = 100


@dataclass(frozen=True)
class SubnetRequest:
    """One subnet that is wanted."""

    name: str
    zone: str
    cidr: str


def create(
    cloud: Cloud, region: str, vpc_id: str, wanted: Sequence[SubnetRequest], labels: Mapping[str, str]
) -> list[Subnet]:
    """All of them or none."""
    with cloud.store.writing() as connection:
        made = [_create(cloud, connection, region, vpc_id, one, labels) for one in wanted]
    cloud.news.ring()
    return made


def _create(
    cloud: Cloud, connection: Connection, region: str, vpc_id: str, wanted: SubnetRequest, labels: Mapping[str, str]
) -> Subnet:
    vpc = vpcs.require(connection, region, vpc_id)
    vpcs.check_name(wanted.name)
    zone = _zone(region, wanted.zone)
    found = cidr.of_subnet(wanted.cidr, vpc.cidr)
    _check_free(connection, vpc.id, found)
    if table_rows.count_subnets(connection, subnets.c.vpc_id == vpc.id) >= MOST_OF_A_VPC:
        raise OutOfResources(f"VPC {vpc.id} has {MOST_OF_A_VPC} subnets already.", code="LimitExceeded")
    made = Subnet(
        id=ids.new("subnet"),
        vpc_id=vpc.id,
        region=region,
        zone=zone,
        name=wanted.name,
        cidr=found,
        default=False,
        number=table_rows.next_number(connection),
        created=cloud.clock.now(),
        tags=dict(labels),
    )
    table_rows.add_subnet(connection, made)
    events.record(cloud, connection, "network", f"subnet {made.id} ({made.cidr}) of {vpc.id} created")
    return made


def _zone(region: str, zone: str) -> str:
    try:
        return regions.check_zone(region, zone)
    except UsageError as error:
        raise UsageError(error.message, hint=error.hint, code="InvalidParameterValue.ZoneConflict") from error


def _check_free(connection: Connection, vpc_id: str, wanted: IPv4Network) -> None:
    for other in table_rows.subnets_where(connection):
        if not other.cidr.overlaps(wanted):
            continue
        if other.vpc_id == vpc_id:
            raise UsageError(
                f"{wanted} overlaps subnet {other.id} ({other.cidr}).", code="InvalidParameterValue.SubnetConflict"
            )
        raise NotSimulated(
            f"{wanted} overlaps subnet {other.id} ({other.cidr}) of {other.vpc_id} in {other.region}: all subnets of a "
            "home share one lab with one table of routes, so they may not overlap across VPCs either.",
            hint="Choose another range, or another home.",
        )


def modify(cloud: Cloud, region: str, ident: str, name: str | None) -> None:
    if name is not None:
        vpcs.check_name(name)
    with cloud.store.writing() as connection:
        found = require(connection, region, ident)
        if name is not None:
            table_rows.change_subnet(connection, found.id, name=name)
    cloud.news.ring()


def delete(cloud: Cloud, region: str, ident: str) -> None:
    """Only one that no instance is in. The machine's network goes after the record; should this be the daemon's last
    step, housekeeping takes it away."""
    with cloud.store.writing() as connection:
        found = require(connection, region, ident)
        within = instances.in_subnet(connection, found.id)
        if within:
            raise InUse(f"Instance {within[0]} is in subnet {found.id}.", code="ResourceInUse")
        table_rows.remove_subnet(connection, found.id)
        events.record(cloud, connection, "network", f"subnet {found.id} ({found.cidr}) of {found.vpc_id} deleted")
    cloud.reached("delete-subnet.recorded")
    cloud.news.ring()
    networks.sweep(cloud)


def of_vpcs(cloud: Cloud, wanted: Sequence[str]) -> list[Subnet]:
    with cloud.store.reading() as connection:
        return table_rows.subnets_where(connection, subnets.c.vpc_id.in_(wanted))


def has_default(cloud: Cloud, region: str, zone: str) -> bool:
    with cloud.store.reading() as connection:
        return table_rows.count_subnets(connection, subnets.c.zone == _zone(region, zone), subnets.c.default) > 0


def require(connection: Connection, region: str, ident: str) -> Subnet:
    wanted = ids.check("subnet", ident)
    found = table_rows.subnets_where(connection, subnets.c.id == wanted, subnets.c.region == region)
    if not found:
        raise NotFound("subnet", ident, code="ResourceNotFound")
    return found[0]
