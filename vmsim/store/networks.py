"""VPCs and subnets."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Network
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, delete, insert, select, update

from vmsim.model.network import Subnet, Vpc
from vmsim.store import rows, tags, times
from vmsim.store.rows import Order
from vmsim.store.schema import subnets, vpcs


def add_vpc(connection: Connection, vpc: Vpc) -> None:
    connection.execute(insert(vpcs).values(**rows.columns(vars(vpc), "tags")))
    tags.put(connection, vpc.id, vpc.tags)


def add_subnet(connection: Connection, subnet: Subnet) -> None:
    connection.execute(insert(subnets).values(**rows.columns(vars(subnet), "tags")))
    tags.put(connection, subnet.id, subnet.tags)


def change_vpc(connection: Connection, vpc_id: str, **fields: Any) -> None:
    """Set fields of the record by the record's own names."""
    connection.execute(update(vpcs).where(vpcs.c.id == vpc_id).values(**rows.columns(fields)))


def change_subnet(connection: Connection, subnet_id: str, **fields: Any) -> None:
    connection.execute(update(subnets).where(subnets.c.id == subnet_id).values(**rows.columns(fields)))


def remove_vpc(connection: Connection, vpc_id: str) -> None:
    tags.put(connection, vpc_id, {})
    connection.execute(delete(vpcs).where(vpcs.c.id == vpc_id))


def remove_subnet(connection: Connection, subnet_id: str) -> None:
    tags.put(connection, subnet_id, {})
    connection.execute(delete(subnets).where(subnets.c.id == subnet_id))


def vpcs_where(
    connection: Connection,
    *conditions: ColumnElement[bool],
    order: Order = (vpcs.c.id,),
    offset: int = 0,
    limit: int | None = None,
) -> list[Vpc]:
    return [
        Vpc(**{**row, "dns_servers": tuple(row["dns_servers"])})
        for row in _rows(connection, vpcs, conditions, order, offset, limit)
    ]


def subnets_where(
    connection: Connection,
    *conditions: ColumnElement[bool],
    order: Order = (subnets.c.number,),
    offset: int = 0,
    limit: int | None = None,
) -> list[Subnet]:
    return [Subnet(**row) for row in _rows(connection, subnets, conditions, order, offset, limit)]


def count_vpcs(connection: Connection, *conditions: ColumnElement[bool]) -> int:
    return rows.count(connection, vpcs, conditions)


def count_subnets(connection: Connection, *conditions: ColumnElement[bool]) -> int:
    return rows.count(connection, subnets, conditions)


def next_number(connection: Connection) -> int:
    """The lowest that is free: bridges are named by it, and their names are short."""
    taken = set(connection.execute(select(subnets.c.number)).scalars())
    return next(number for number in range(1, len(taken) + 2) if number not in taken)


def _rows(
    connection: Connection,
    table: Table,
    conditions: Sequence[ColumnElement[bool]],
    order: Order,
    offset: int,
    limit: int | None,
) -> list[dict[str, Any]]:
    found = rows.page(connection, table, conditions, order, offset, limit)
    labels = tags.of(connection, [row["id"] for row in found])
    return [
        {
            **row,
            "cidr": IPv4Network(row["cidr"]),
            "created": times.moment(row["created"]) if row["created"] else None,
            "tags": labels[row["id"]],
        }
        for row in found
    ]
