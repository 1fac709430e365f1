"""Elastic addresses: rows to records and back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, func, insert, select, update

from vmsim.model.address import Address, AddressStatus
from vmsim.store import tags, times
from vmsim.store.schema import addresses


def add(connection: Connection, address: Address) -> None:
    connection.execute(insert(addresses).values(**_columns(vars(address))))
    tags.put(connection, address.id, address.tags)


def change(connection: Connection, address_id: str, **fields: Any) -> None:
    """Set fields of the record by the record's own names."""
    connection.execute(update(addresses).where(addresses.c.id == address_id).values(**_columns(fields)))


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
    order: Sequence[ColumnElement[Any]] | None = None,
    offset: int = 0,
    limit: int | None = None,
) -> list[Address]:
    """Newest first unless told otherwise."""
    by = order or (addresses.c.created.desc(), addresses.c.id)
    query = select(addresses).where(*conditions).order_by(*by).offset(offset).limit(limit)
    rows = connection.execute(query).mappings().all()
    labels = tags.of(connection, [row["id"] for row in rows])
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
        for row in rows
    ]


def count(connection: Connection, *conditions: ColumnElement[bool]) -> int:
    return connection.execute(select(func.count()).select_from(addresses).where(*conditions)).scalar_one()


def taken(connection: Connection) -> set[str]:
    """Every IP that an EIP has."""
    return set(connection.execute(select(addresses.c.ip)).scalars())


def _columns(fields: dict[str, Any]) -> dict[str, Any]:
    result = {name: value for name, value in fields.items() if name != "tags"}
    if "status" in result:
        result["status"] = result["status"].value
    for name in ("created", "deadline"):
        if result.get(name) is not None:
            result[name] = times.text(result[name])
    return result
