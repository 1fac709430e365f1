"""What the stores of nouns share: fields of a record as columns keep them, a page of a table, how many rows it has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import Enum
from ipaddress import IPv4Network
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, Table, func, select

from vmsim.store import times

Order = Sequence[ColumnElement[Any]]


def columns(fields: Mapping[str, Any], *elsewhere: str) -> dict[str, Any]:
    """The values by name, as the database keeps them; `elsewhere` is what has a table of its own."""
    return {name: _kept(value) for name, value in fields.items() if name not in elsewhere}


def page(
    connection: Connection,
    table: Table,
    conditions: Sequence[ColumnElement[bool]],
    order: Order | None = None,
    offset: int = 0,
    limit: int | None = None,
) -> Sequence[RowMapping]:
    """Newest first unless told otherwise."""
    by = order or (table.c.created.desc(), table.c.id)
    query = select(table).where(*conditions).order_by(*by).offset(offset).limit(limit)
    return connection.execute(query).mappings().all()


def count(connection: Connection, table: Table, conditions: Sequence[ColumnElement[bool]]) -> int:
    return connection.execute(select(func.count()).select_from(table).where(*conditions)).scalar_one()


def _kept(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return times.text(value)
    if isinstance(value, IPv4Network):
        return str(value)
    return list(value) if isinstance(value, tuple) else value
