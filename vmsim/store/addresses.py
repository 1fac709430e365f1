"""Elastic addresses: rows to records and back."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, insert, select, update

from vmsim.model.address import Address, AddressStatus
from vmsim.store import rows, tags, times
from vmsim.store.rows import Order
from vmsim.store.schema import addresses


def add(connection: Connection, address: Address) -> None:
    connection.execute(insert(addresses).values(**rows.columns(vars(address), "tags")))
    tags.put(connection, address.id, address.tags)


def change(connection: Connection, address_id: str, **fields: Any) -> None:
    """Set fields of the record by the record's own names."""
    connection.execute(update(addresses).where(addresses.c.id == address_id).values(**rows.columns(fields)))


def remove(connection: Connection, address_id: str) -> None:
    tags.put(connection, address_id, {})
    connection.execute(delete(addresses).where(addresses.c.id == address_id))


def one(connection: Connection, address_id: str) -> Address | None:
    found = where(connection, addresses.c.id == address_id)
    return found[0] if found else None


def of_instance(connection: Connection, instance_id: str) -> Address | None:
    """The EIP that is bound to it, or on its way there or away."""
    found = where(connection, addresses.c.instance_id == instance_id)
    return found[0] if found else None


def where(
    connection: Connection,
    *conditions: ColumnElement[bool],
    order: Order | None = None,
    offset: int = 0,
    limit: int | None = None,
) -> list[Address]:
    """Newest first unless told otherwise."""
    found = rows.page(connection, addresses, conditions, order, offset, limit)
    labels = tags.of(connection, [row["id"] for row in found])
    return [
        Address(
            **{
                **row,
                "status": AddressStatus(row["status"]),
                "created": times.moment(row["created"]),
                "deadline": times.moment(row["deadline"]) if row["deadline"] else None,
                "tags": labels[row["id"]],
            }
        )
        for row in found
    ]


def count(connection: Connection, *conditions: ColumnElement[bool]) -> int:
    return rows.count(connection, addresses, conditions)


def taken(connection: Connection) -> set[str]:
    """Every IP that an EIP has."""
    return set(connection.execute(select(addresses.c.ip)).scalars())
