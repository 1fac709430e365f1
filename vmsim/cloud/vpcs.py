"""VPCs: made, changed and deleted. A VPC is a record alone; what is real of it are its subnets' networks.

Two VPCs may have the same range. Their subnets may not overlap, since all of them share the lab's one table of routes;
`subnets.py` holds that.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from ipaddress import AddressValueError, IPv4Address
from typing import Any

from sqlalchemy import Connection

from vmsim.cloud import events, networks
from vmsim.cloud.context import Cloud
from vmsim.model import cidr, ids, regions
from vmsim.model.errors import InUse, NotFound, OutOfResources, UsageError
from vmsim.model.lifecycle import InstanceState
from vmsim.model.network import Vpc
from vmsim.store import instances
from vmsim.store import networks as table_rows
from vmsim.store.schema import instances as instance_table
from vmsim.store.schema import subnets, vpcs

MOST_OF_A_REGION = 20
LONGEST_NAME = 60
MOST_DNS_SERVERS = 4
_LONGEST_DOMAIN = 60
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", re.IGNORECASE | re.ASCII)
_TOO_LONG = "InvalidParameterValue.TooLong"


@dataclass(frozen=True)
class Options:
    """What can be changed of a VPC; None is left as it is."""

    name: str | None = None
    dns_servers: tuple[str, ...] | None = None
    domain_name: str | None = None
    multicast: bool | None = None

    def fields(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if value is not None}


def create(cloud: Cloud, region: str, range_: str, options: Options, tags: Mapping[str, str]) -> Vpc:
    found = cidr.of_vpc(range_)
    fields = _checked(options).fields()
    with cloud.store.writing() as connection:
        if table_rows.count_vpcs(connection, vpcs.c.region == region) >= MOST_OF_A_REGION:
            raise OutOfResources(f"Region {region} has {MOST_OF_A_REGION} VPCs already.", code="LimitExceeded")
        made = Vpc(
            id=ids.new("vpc"),
            region=region,
            cidr=found,
            default=False,
            created=cloud.clock.now(),
            tags=dict(tags),
            **{"name": "", **fields},
        )
        table_rows.add_vpc(connection, made)
        events.record(cloud, connection, "network", f"VPC {made.id} ({made.cidr}) created")
    cloud.news.ring()
    return made


def modify(cloud: Cloud, region: str, ident: str, options: Options) -> None:
    """What its guests hear by DHCP is only changed while none of them runs: their network starts anew for it. Clients
    send all of a VPC for any change, so the same servers in another order are no change."""
    fields = _checked(options).fields()
    with cloud.store.writing() as connection:
        vpc = require(connection, region, ident)
        if set(fields.get("dns_servers", ())) == set(vpc.dns_servers):
            fields.pop("dns_servers", None)
        changed = replace(vpc, **fields)
        if (changed.given_dns, changed.domain_name) != (vpc.given_dns, vpc.domain_name):
            _check_all_off(connection, vpc)
        if fields:
            table_rows.change_vpc(connection, vpc.id, **fields)
    cloud.news.ring()


def _check_all_off(connection: Connection, vpc: Vpc) -> None:
    off = (InstanceState.STOPPED, InstanceState.SHUTDOWN, InstanceState.LAUNCH_FAILED)
    for instance in instances.where(connection, instance_table.c.vpc_id == vpc.id):
        if instance.operating or instance.state not in off:
            raise InUse(
                f"DnsServers and DomainName of {vpc.id} can be changed only while no instance in it runs; "
                f"{instance.id} is {instance.state.value}: guests hear of both when their network starts.",
                hint="Stop its instances first.",
                code="UnsupportedOperation",
            )


def delete(cloud: Cloud, region: str, ident: str) -> None:
    """Only an empty one."""
    with cloud.store.writing() as connection:
        vpc = require(connection, region, ident)
        within = table_rows.subnets_where(connection, subnets.c.vpc_id == vpc.id)
        if within:
            raise InUse(f"Subnet {within[0].id} is in VPC {vpc.id}.", hint="Delete it first.", code="ResourceInUse")
        table_rows.remove_vpc(connection, vpc.id)
        events.record(cloud, connection, "network", f"VPC {vpc.id} deleted")
    cloud.news.ring()


def make_default(cloud: Cloud, region: str, zone: str) -> tuple[Vpc, str]:
    """The region's default VPC and the id of the zone's default subnet, made where they are not there yet."""
    zone = regions.check_zone(region, zone) if zone else regions.region(region).zone_names()[0]
    with cloud.store.writing() as connection:
        subnet = networks.default_subnet(cloud, connection, region, zone)
        return require(connection, region, subnet.vpc_id), subnet.id


def by_ids(cloud: Cloud, wanted: Sequence[str]) -> dict[str, Vpc]:
    with cloud.store.reading() as connection:
        return {vpc.id: vpc for vpc in table_rows.vpcs_where(connection, vpcs.c.id.in_(wanted))}


def require(connection: Connection, region: str, ident: str) -> Vpc:
    found = table_rows.vpcs_where(connection, vpcs.c.id == ids.check("vpc", ident), vpcs.c.region == region)
    if not found:
        raise NotFound("VPC", ident, code="ResourceNotFound")
    return found[0]


def check_name(name: str) -> str:
    """Of a VPC or a subnet."""
    if not name or not name.isprintable():
        raise UsageError(f"{name!r} cannot be a name.", code="InvalidParameterValue.Malformed")
    if len(name.encode(errors="replace")) > LONGEST_NAME:
        raise UsageError(f"A name has at most {LONGEST_NAME} bytes.", code=_TOO_LONG)
    return name


def _checked(options: Options) -> Options:
    if options.name is not None:
        check_name(options.name)
    for server in options.dns_servers or ():
        _check_server(server)
    if len(options.dns_servers or ()) > MOST_DNS_SERVERS:
        raise UsageError(
            f"A VPC has at most {MOST_DNS_SERVERS} DnsServers.", code="InvalidParameterValue.LimitExceeded"
        )
    domain = options.domain_name or ""
    if len(domain) > _LONGEST_DOMAIN:
        raise UsageError(f"A DomainName has at most {_LONGEST_DOMAIN} characters.", code=_TOO_LONG)
    if domain and not all(_LABEL.fullmatch(label) for label in domain.split(".")):
        raise UsageError(f"{domain!r} is no DomainName.", code="InvalidParameterValue.Malformed")
    return options


def _check_server(server: str) -> None:
    try:
        IPv4Address(server)
    except AddressValueError as error:
        raise UsageError(f"DnsServers: {server!r} is no address.", code="InvalidParameterValue.Malformed") from error
