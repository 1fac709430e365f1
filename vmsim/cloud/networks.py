"""VPCs, subnets and private addresses, in the store and on the machine. Defaults are made at their first use."""

from __future__ import annotations

from ipaddress import IPv4Address

from sqlalchemy import Connection

from vmsim.cloud.context import Cloud
from vmsim.host.network_xml import NetworkSpec
from vmsim.model import ids, regions
from vmsim.model.errors import NotFound, OutOfResources, UsageError
from vmsim.model.instance import Instance
from vmsim.model.network import DEFAULT_RANGES, RESERVED_HOSTS, Subnet, Vpc
from vmsim.store import instances, networks
from vmsim.store.schema import subnets, vpcs

SUBNET_PREFIX = 20


def default_subnet(cloud: Cloud, connection: Connection, region: str, zone: str) -> Subnet:
    """The zone's default subnet, made together with the region's default VPC when there is none yet."""
    vpc = _default_vpc(connection, region)
    found = networks.subnets_where(connection, subnets.c.zone == zone, subnets.c.default)
    if found:
        return found[0]
    zone_position = regions.region(region).zone_names().index(zone)
    cidr = list(vpc.cidr.subnets(new_prefix=SUBNET_PREFIX))[zone_position]
    subnet = Subnet(
        ids.new("subnet"), vpc.id, region, zone, "Default-Subnet", cidr, True, networks.next_number(connection)
    )
    networks.add_subnet(connection, subnet)
    return subnet


def _default_vpc(connection: Connection, region: str) -> Vpc:
    found = networks.vpcs_where(connection, vpcs.c.region == region, vpcs.c.default)
    if found:
        return found[0]
    taken = {vpc.cidr for vpc in networks.vpcs_where(connection, vpcs.c.default)}
    free = [cidr for cidr in DEFAULT_RANGES if cidr not in taken]
    if not free:
        raise OutOfResources(
            f"{len(taken)} regions already have a default VPC; there is no range left for {region}.",
            hint="Use one of the regions in use, or another home.",
        )
    vpc = Vpc(ids.new("vpc"), region, "Default-VPC", free[0], True)
    networks.add_vpc(connection, vpc)
    return vpc


def subnet_for(cloud: Cloud, connection: Connection, region: str, zone: str, vpc_id: str, subnet_id: str) -> Subnet:
    """The subnet a launch means; empty or DEFAULT is the default one."""
    if vpc_id in ("", "DEFAULT") and subnet_id in ("", "DEFAULT"):
        return default_subnet(cloud, connection, region, zone)
    if not networks.vpcs_where(connection, vpcs.c.id == vpc_id, vpcs.c.region == region):
        raise NotFound("VPC", vpc_id, code="InvalidParameterValue.VpcIdNotExist")
    found = networks.subnets_where(connection, subnets.c.id == subnet_id, subnets.c.region == region)
    if not found:
        raise NotFound("subnet", subnet_id, code="InvalidParameterValue.SubnetNotExist")
    if found[0].vpc_id != vpc_id:
        raise UsageError(
            f"Subnet {subnet_id} is not in VPC {vpc_id}.", code="InvalidParameterValue.VpcIdSubnetIdNotMatch"
        )
    if found[0].zone != zone:
        raise UsageError(
            f"Subnet {subnet_id} is in zone {found[0].zone}, not {zone}.",
            code="InvalidParameterValue.SubnetIdZoneIdNotMatch",
        )
    return found[0]


def private_address(connection: Connection, subnet: Subnet, wanted: str = "") -> IPv4Address:
    """A free address, or the wanted one. Raises UsageError or OutOfResources."""
    taken = instances.addresses_in(connection, subnet.id)
    if wanted:
        return _wanted_address(subnet, wanted, taken)
    usable = subnet.cidr.num_addresses - RESERVED_HOSTS - 1
    for offset in range(usable):
        address = subnet.cidr.network_address + RESERVED_HOSTS + offset
        if str(address) not in taken:
            return address
    raise OutOfResources(f"Subnet {subnet.id} ({subnet.cidr}) has no free address.", code="LimitExceeded.InstanceQuota")


def _wanted_address(subnet: Subnet, wanted: str, taken: set[str]) -> IPv4Address:
    try:
        address = IPv4Address(wanted)
    except ValueError as error:
        raise UsageError(f"{wanted!r} is not an address.", code="InvalidParameterValue.InvalidIpFormat") from error
    reserved = (subnet.cidr.network_address, subnet.gateway, subnet.cidr.broadcast_address)
    if address not in subnet.cidr or address in reserved:
        raise UsageError(f"{wanted} cannot be given in {subnet.id} ({subnet.cidr}).", code="VpcAddrNotInSubNet")
    if wanted in taken:
        raise UsageError(f"{wanted} is in use in {subnet.id}.", code="VpcIpIsUsed")
    return address


def attach(cloud: Cloud, instance: Instance) -> None:
    """On the machine: the subnet's network runs and knows the instance's lease. Idempotent."""
    with cloud.store.reading() as connection:
        found = networks.subnets_where(connection, subnets.c.id == instance.subnet_id)
    if not found:
        raise NotFound("subnet", instance.subnet_id)
    cloud.networks.ensure(_spec(found[0]))
    cloud.networks.add_host(found[0].network, instance.mac, IPv4Address(instance.private_ip), instance.host_name)


def detach(cloud: Cloud, instance: Instance) -> None:
    """The lease goes; the network stays for the others. Idempotent."""
    cloud.networks.remove_host(instance.subnet_id, instance.mac)


def _spec(subnet: Subnet) -> NetworkSpec:
    return NetworkSpec(
        name=subnet.network, bridge=subnet.bridge, gateway=subnet.gateway, prefix=subnet.cidr.prefixlen, isolated=True
    )
