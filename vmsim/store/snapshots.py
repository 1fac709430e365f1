"""Snapshots, and which images were made with them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, func, insert, select, update

from vmsim.model.disk import DiskUsage, Snapshot, SnapshotState
from vmsim.store import rows, tags, times
from vmsim.store.rows import Order
from vmsim.store.schema import image_snapshots, snapshots


def add(connection: Connection, snapshot: Snapshot) -> None:
    connection.execute(insert(snapshots).values(**rows.columns(vars(snapshot), "tags", "image_ids")))
    tags.put(connection, snapshot.id, snapshot.tags)


def change(connection: Connection, snapshot_id: str, **fields: Any) -> None:
    """Set fields of the record by the record's own names."""
    connection.execute(update(snapshots).where(snapshots.c.id == snapshot_id).values(**rows.columns(fields)))


def remove(connection: Connection, snapshot_id: str) -> None:
    tags.put(connection, snapshot_id, {})
    connection.execute(delete(image_snapshots).where(image_snapshots.c.snapshot_id == snapshot_id))
    connection.execute(delete(snapshots).where(snapshots.c.id == snapshot_id))


def one(connection: Connection, snapshot_id: str) -> Snapshot | None:
    found = where(connection, snapshots.c.id == snapshot_id)
    return found[0] if found else None


def by_ids(connection: Connection, ids: Sequence[str]) -> dict[str, Snapshot]:
    return {snapshot.id: snapshot for snapshot in where(connection, snapshots.c.id.in_(ids))}


def where(
    connection: Connection,
    *conditions: ColumnElement[bool],
    order: Order | None = None,
    offset: int = 0,
    limit: int | None = None,
) -> list[Snapshot]:
    """Newest first unless told otherwise."""
    found = rows.page(connection, snapshots, conditions, order, offset, limit)
    ids = [row["id"] for row in found]
    labels = tags.of(connection, ids)
    images: dict[str, list[str]] = {ident: [] for ident in ids}
    for link in connection.execute(select(image_snapshots).where(image_snapshots.c.snapshot_id.in_(ids))):
        images[link.snapshot_id].append(link.image_id)
    return [
        Snapshot(
            **{
                **row,
                "disk_usage": DiskUsage(row["disk_usage"]),
                "state": SnapshotState(row["state"]),
                "created": times.moment(row["created"]),
                "deadline": times.moment(row["deadline"]) if row["deadline"] else None,
                "tags": labels[row["id"]],
                "image_ids": tuple(images[row["id"]]),
            }
        )
        for row in found
    ]


def count(connection: Connection, *conditions: ColumnElement[bool]) -> int:
    return rows.count(connection, snapshots, conditions)


def counts_by_disk(connection: Connection, disk_ids: Sequence[str]) -> dict[str, tuple[int, int]]:
    """(number of snapshots, GiB of the disks in them) by disk."""
    query = (
        select(snapshots.c.disk_id, func.count(), func.sum(snapshots.c.size_gib))
        .where(snapshots.c.disk_id.in_(disk_ids))
        .group_by(snapshots.c.disk_id)
    )
    return {ident: (number, size) for ident, number, size in connection.execute(query)}
