"""Describing VPCs and subnets: filters as columns of the database."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement

from vmsim.cloud.context import Cloud
from vmsim.cloud.query import Filter, Filters, Page, conditions
from vmsim.cloud.subnets import require as require_subnet
from vmsim.cloud.vpcs import require as require_vpc
from vmsim.model.network import Subnet, Vpc
from vmsim.store import instances, networks
from vmsim.store.schema import subnets, vpcs


@dataclass(frozen=True)
class Counted:
    """A subnet and how many of its addresses are given."""

    subnet: Subnet
    taken: int


def query_vpcs(
    cloud: Cloud,
    region: str,
    *,
    named: Sequence[str] = (),
    filters: Sequence[Filter] = (),
    offset: int = 0,
    limit: int | None = None,
) -> Page[Vpc]:
    """The page and the total; every id that is named must be there."""
    matching = conditions(vpcs, _OF_VPCS, region, named, filters)
    with cloud.store.reading() as connection:
        for ident in named:
            require_vpc(connection, region, ident)
        total = networks.count_vpcs(connection, *matching)
        found = networks.vpcs_where(connection, *matching, offset=offset, limit=limit)
    return Page(total, tuple(found))


def query_subnets(
    cloud: Cloud,
    region: str,
    *,
    named: Sequence[str] = (),
    filters: Sequence[Filter] = (),
    offset: int = 0,
    limit: int | None = None,
) -> Page[Counted]:
    """The page and the total; every id that is named must be there."""
    matching = conditions(subnets, _OF_SUBNETS, region, named, filters)
    with cloud.store.reading() as connection:
        for ident in named:
            require_subnet(connection, region, ident)
        total = networks.count_subnets(connection, *matching)
        found = networks.subnets_where(connection, *matching, offset=offset, limit=limit)
        taken = instances.counts_by_subnet(connection, [subnet.id for subnet in found])
    return Page(total, tuple(Counted(subnet, taken.get(subnet.id, 0)) for subnet in found))


def _named(column: ColumnElement[str]) -> Callable[[Sequence[str]], ColumnElement[bool]]:
    """By a part of the name."""

    def make(values: Sequence[str]) -> ColumnElement[bool]:
        found: ColumnElement[bool] = column.in_(())
        for value in values:
            found = found | column.contains(value, autoescape=True)
        return found

    return make


def _flag(column: ColumnElement[bool]) -> Callable[[Sequence[str]], ColumnElement[bool]]:
    """A filter that says true or false."""
    return lambda values: column.in_([value.lower() == "true" for value in values])


def _none(_values: Sequence[str]) -> ColumnElement[bool]:
    """What nothing here has: IPv6, a dedicated cluster."""
    return subnets.c.id.in_(())


def _all_but_true(values: Sequence[str]) -> ColumnElement[bool]:
    """A property that no subnet here has."""
    return subnets.c.id.in_(()) if set(values) <= {"true", "1"} else subnets.c.id.is_not(None)


_OF_VPCS: Filters = {
    "vpc-id": vpcs.c.id.in_,
    "vpc-name": _named(vpcs.c.name),
    "is-default": _flag(vpcs.c.default),
    "cidr-block": vpcs.c.cidr.in_,
    "ipv6-cidr-block": lambda _: vpcs.c.id.in_(()),
    "isp-type": lambda _: vpcs.c.id.in_(()),
    "address-type": lambda _: vpcs.c.id.in_(()),
}
_OF_SUBNETS: Filters = {
    "subnet-id": subnets.c.id.in_,
    "vpc-id": subnets.c.vpc_id.in_,
    "cidr-block": subnets.c.cidr.in_,
    "is-default": _flag(subnets.c.default),
    "is-remote-vpc-snat": _all_but_true,
    "subnet-name": _named(subnets.c.name),
    "zone": subnets.c.zone.in_,
    "cdc-id": _none,
    "is-cdc-subnet": _all_but_true,
    "ipv6-cidr-block": _none,
    "isp-type": _none,
    "address-type": _none,
}
