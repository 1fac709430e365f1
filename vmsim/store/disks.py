"""Disks: rows to records and back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, bindparam, delete, insert, select, update

from vmsim.model.disk import Disk, DiskState, DiskUsage
from vmsim.store import rows, tags, times
from vmsim.store.kept import touch
from vmsim.store.rows import Order
from vmsim.store.schema import disks

_OF_INSTANCES = (
    select(disks).where(disks.c.instance_id.in_(bindparam("ids", expanding=True))).order_by(disks.c.position)
)


def add(connection: Connection, disk: Disk) -> None:
    touch(connection, disk.instance_id)
    connection.execute(insert(disks).values(**rows.columns(vars(disk), "tags")))
    tags.put(connection, disk.id, disk.tags)


def change(connection: Connection, disk_id: str, **fields: Any) -> None:
    """Set fields of the record by the record's own names."""
    _touch_instance(connection, disk_id)
    touch(connection, fields.get("instance_id", ""))
    connection.execute(update(disks).where(disks.c.id == disk_id).values(**rows.columns(fields)))


def remove(connection: Connection, disk_id: str) -> None:
    _touch_instance(connection, disk_id)
    tags.put(connection, disk_id, {})
    connection.execute(delete(disks).where(disks.c.id == disk_id))


def one(connection: Connection, disk_id: str) -> Disk | None:
    found = where(connection, disks.c.id == disk_id)
    return found[0] if found else None


def by_ids(connection: Connection, ids: Sequence[str]) -> dict[str, Disk]:
    return {disk.id: disk for disk in where(connection, disks.c.id.in_(ids))}


def where(
    connection: Connection,
    *conditions: ColumnElement[bool],
    order: Order | None = None,
    offset: int = 0,
    limit: int | None = None,
) -> list[Disk]:
    """Newest first unless told otherwise."""
    return records(connection, rows.page(connection, disks, conditions, order, offset, limit))


def of_instances(connection: Connection, instance_ids: Sequence[str]) -> dict[str, list[Disk]]:
    """By instance, in order of position."""
    result: dict[str, list[Disk]] = {ident: [] for ident in instance_ids}
    found = connection.execute(_OF_INSTANCES, {"ids": list(instance_ids)}).mappings().all()
    for disk in records(connection, found):
        result[disk.instance_id].append(disk)
    return result


def count(connection: Connection, *conditions: ColumnElement[bool]) -> int:
    return rows.count(connection, disks, conditions)


def records(connection: Connection, found: Sequence[RowMapping]) -> list[Disk]:
    labels = tags.of(connection, [row["id"] for row in found])
    return [
        Disk(
            **{
                **row,
                "state": DiskState(row["state"]),
                "usage": DiskUsage(row["usage"]),
                "created": times.moment(row["created"]) if row["created"] else None,
                "deadline": times.moment(row["deadline"]) if row["deadline"] else None,
                "tags": labels[row["id"]],
            }
        )
        for row in map(dict, found)
    ]


def _touch_instance(connection: Connection, disk_id: str) -> None:
    """An instance's record holds its disks."""
    touch(connection, *connection.execute(select(disks.c.instance_id).where(disks.c.id == disk_id)).scalars())
