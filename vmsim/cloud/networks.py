"""VPCs, subnets and private addresses, in the store and on the machine. Defaults are made at their first use."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network

from sqlalchemy import Connection

from vmsim.cloud.context import Cloud
from vmsim.host import bridges
from vmsim.host.bridges import Bridge
from vmsim.host.network_xml import NetworkSpec
from vmsim.host.ruleset import tap_of
from vmsim.model import ids, regions
from vmsim.model.errors import NotFound, OutOfResources, UsageError
from vmsim.model.instance import Instance
from vmsim.model.launch import LaunchRequest
from vmsim.model.lifecycle import InstanceState
from vmsim.model.network import DEFAULT_RANGES, RESERVED_HOSTS, Subnet, Vpc
from vmsim.store import instances, networks
from vmsim.store.schema import instances as table
from vmsim.store.schema import subnets, vpcs

SUBNET_PREFIX = 20
DOMAIN = "vmsim.internal"
"""Of a VPC that has none of its own."""
_WITH_NETWORK = tuple(state.value for state in (InstanceState.RUNNING, InstanceState.REBOOTING, InstanceState.STOPPING))
NO_ADDRESS = "FailedOperation.NoAvailableIpAddressCountInSubnet"


def default_subnet(cloud: Cloud, connection: Connection, region: str, zone: str) -> Subnet:
    """The zone's default subnet, made together with the region's default VPC when there is none yet."""
    found = networks.subnets_where(connection, subnets.c.zone == zone, subnets.c.default)
    if found:
        return found[0]
    vpc = _default_vpc(cloud, connection, region)
    subnet = Subnet(
        id=ids.new("subnet"),
        vpc_id=vpc.id,
        region=region,
        zone=zone,
        name="Default-Subnet",
        cidr=_free_range(connection, vpc, regions.region(region).zone_names().index(zone)),
        default=True,
        number=networks.next_number(connection),
        created=cloud.clock.now(),
    )
    networks.add_subnet(connection, subnet)
    return subnet


def _free_range(connection: Connection, vpc: Vpc, zone_position: int) -> IPv4Network:
    """The zone's own part of the VPC, or the first that no subnet of the home overlaps."""
    taken = [subnet.cidr for subnet in networks.subnets_where(connection)]
    parts = list(vpc.cidr.subnets(new_prefix=SUBNET_PREFIX))
    for part in (parts[zone_position], *parts):
        if not any(part.overlaps(other) for other in taken):
            return part
    raise OutOfResources(
        f"The default VPC {vpc.id} ({vpc.cidr}) has no /{SUBNET_PREFIX} left for another default subnet.",
        hint="Delete a subnet of that range, or name a subnet.",
    )


def _default_vpc(cloud: Cloud, connection: Connection, region: str) -> Vpc:
    found = networks.vpcs_where(connection, vpcs.c.region == region, vpcs.c.default)
    if found:
        return found[0]
    taken = [vpc.cidr for vpc in networks.vpcs_where(connection, vpcs.c.default)]
    taken += [subnet.cidr for subnet in networks.subnets_where(connection)]
    free = [cidr for cidr in DEFAULT_RANGES if not any(cidr.overlaps(other) for other in taken)]
    if not free:
        raise OutOfResources(
            f"There is no range left for a default VPC of {region}: regions and subnets hold all of "
            f"{DEFAULT_RANGES[0]} to {DEFAULT_RANGES[-1]}.",
            hint="Use one of the regions in use, or another home.",
        )
    vpc = Vpc(ids.new("vpc"), region, "Default-VPC", free[0], True, created=cloud.clock.now())
    networks.add_vpc(connection, vpc)
    return vpc


def placed(cloud: Cloud, request: LaunchRequest) -> LaunchRequest:
    """A subnet alone, as the command line may name it, says its VPC and its zone."""
    if request.vpc_id or request.subnet_id in ("", "DEFAULT"):
        return request
    with cloud.store.reading() as connection:
        wanted = (subnets.c.id == request.subnet_id, subnets.c.region == request.region)
        found = networks.subnets_where(connection, *wanted)
    if not found:
        raise NotFound("subnet", request.subnet_id, code="InvalidParameterValue.SubnetNotExist")
    return replace(request, vpc_id=found[0].vpc_id, zone=request.zone or found[0].zone)


def subnet_for(cloud: Cloud, connection: Connection, region: str, zone: str, vpc_id: str, subnet_id: str) -> Subnet:
    """The subnet a launch means; empty or DEFAULT is the default one."""
    if vpc_id in ("", "DEFAULT") and subnet_id in ("", "DEFAULT"):
        return default_subnet(cloud, connection, region, zone)
    if not networks.vpcs_where(connection, vpcs.c.id == vpc_id, vpcs.c.region == region):
        raise NotFound("VPC", vpc_id, code="InvalidParameterValue.VpcIdNotExist")
    if subnet_id in ("", "DEFAULT"):
        raise UsageError(
            f"VPC {vpc_id} is named, and no subnet in it (SubnetId).",
            hint="The default subnet goes with the default VPC.",
            code="InvalidParameterValue.SubnetNotExist",
        )
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
    for offset in range(subnet.usable):
        address = subnet.cidr.network_address + RESERVED_HOSTS + offset
        if str(address) not in taken:
            return address
    raise OutOfResources(f"Subnet {subnet.id} ({subnet.cidr}) has no free address.", code=NO_ADDRESS)


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
    """On the machine: the subnet's network runs and knows the instance's lease, and its VPC the name. Idempotent."""
    address = IPv4Address(instance.private_ip)
    with cloud.naming:
        with cloud.store.reading() as connection:
            vpc = _vpc(connection, instance.vpc_id)
            siblings = networks.subnets_where(connection, subnets.c.vpc_id == vpc.id)
            names = _names(connection, vpc)
        own = next((subnet for subnet in siblings if subnet.id == instance.subnet_id), None)
        if own is None:
            raise NotFound("subnet", instance.subnet_id)
        present = cloud.networks.names()
        if own.network not in present:
            sweep(cloud)  # one whose record went, but not yet its bridge, may have had this number
        cloud.networks.ensure(_spec(own, vpc), names)
        cloud.networks.add_host(own.network, instance.mac, address, instance.host_name)
        for subnet in siblings:
            if subnet.network in (own.network, *present):
                cloud.networks.set_names(subnet.network, {address: instance.host_name})


def detach(cloud: Cloud, instance: Instance) -> None:
    """Lease and name go; the network stays for the others. Idempotent. Those of a launch that failed went when it was
    undone, and may be another's by the time its record goes."""
    with cloud.naming:
        with cloud.store.reading() as connection:
            if instances.others_at(connection, instance):
                return
            siblings = networks.subnets_where(connection, subnets.c.vpc_id == instance.vpc_id)
        cloud.networks.remove_host(instance.subnet_id, instance.mac)
        for subnet in siblings:
            cloud.networks.set_names(subnet.network, {IPv4Address(instance.private_ip): ""})


def reconcile(cloud: Cloud) -> None:
    """Every network answers what its VPC's instances are called, those of guests that are on have all that they need,
    and none is there that no record knows."""
    sweep(cloud)
    with cloud.naming:
        with cloud.store.reading() as connection:
            known = {subnet.network: subnet for subnet in networks.subnets_where(connection)}
            vpc_of = {vpc.id: vpc for vpc in networks.vpcs_where(connection)}
            names = {vpc.id: _names(connection, vpc) for vpc in vpc_of.values()}
            on = instances.columns(connection, [table.c.id, table.c.subnet_id], table.c.state.in_(_WITH_NETWORK))
        held = []
        for subnet in (known[network] for network in cloud.networks.names() if network in known):
            ports = tuple(tap_of(row.id) for row in on if row.subnet_id == subnet.id)
            if ports:
                cloud.networks.ensure(_spec(subnet, vpc_of[subnet.vpc_id]), names[subnet.vpc_id])
                held.append(Bridge(subnet.bridge, subnet.gateway, subnet.cidr.prefixlen, ports))
            cloud.networks.set_names(subnet.network, names.get(subnet.vpc_id, {}), whole=True)
    if held:
        bridges.mend(held)


def sweep(cloud: Cloud) -> None:
    """Networks without a record go. A record is there before its network, so what is seen first is seen without one
    only when that has been deleted."""
    present = cloud.networks.names()
    with cloud.store.reading() as connection:
        known = {subnet.network for subnet in networks.subnets_where(connection)}
    for network in present:
        if network.startswith("subnet-") and network not in known:
            cloud.networks.remove(network)


def _vpc(connection: Connection, ident: str) -> Vpc:
    found = networks.vpcs_where(connection, vpcs.c.id == ident)
    if not found:
        raise NotFound("VPC", ident)
    return found[0]


def _names(connection: Connection, vpc: Vpc) -> dict[IPv4Address, str]:
    return {IPv4Address(address): name for address, name in instances.names_in(connection, vpc.id).items()}


def _spec(subnet: Subnet, vpc: Vpc) -> NetworkSpec:
    return NetworkSpec(
        name=subnet.network,
        bridge=subnet.bridge,
        gateway=subnet.gateway,
        prefix=subnet.cidr.prefixlen,
        domain=vpc.domain_name or DOMAIN,
        dns_servers=vpc.given_dns,
        isolated=True,
    )
