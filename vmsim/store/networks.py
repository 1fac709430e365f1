"""VPCs and subnets."""

from __future__ import annotations

from ipaddress import IPv4Network

from sqlalchemy import ColumnElement, Connection, func, insert, select

from vmsim.model.network import Subnet, Vpc
from vmsim.store.schema import subnets, vpcs


def add_vpc(connection: Connection, vpc: Vpc) -> None:
    connection.execute(insert(vpcs).values(**{**vpc.__dict__, "cidr": str(vpc.cidr)}))


def add_subnet(connection: Connection, subnet: Subnet) -> None:
    connection.execute(insert(subnets).values(**{**subnet.__dict__, "cidr": str(subnet.cidr)}))


def vpcs_where(connection: Connection, *conditions: ColumnElement[bool]) -> list[Vpc]:
    rows = connection.execute(select(vpcs).where(*conditions).order_by(vpcs.c.id)).mappings()
    return [Vpc(**{**row, "cidr": IPv4Network(row["cidr"])}) for row in rows]


def subnets_where(connection: Connection, *conditions: ColumnElement[bool]) -> list[Subnet]:
    rows = connection.execute(select(subnets).where(*conditions).order_by(subnets.c.number)).mappings()
    return [Subnet(**{**row, "cidr": IPv4Network(row["cidr"])}) for row in rows]


def next_number(connection: Connection) -> int:
    return int(connection.execute(select(func.coalesce(func.max(subnets.c.number), 0))).scalar_one()) + 1
