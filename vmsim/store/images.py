"""Images of a home."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, RowMapping, delete, select, update
from sqlalchemy import insert as plain_insert
from sqlalchemy.dialects.sqlite import insert

from vmsim.model.image import Image, ImageState
from vmsim.store import rows, tags, times
from vmsim.store.schema import image_snapshots, images


def put(connection: Connection, image: Image) -> None:
    """Add it, or replace what is known of the same id."""
    values = rows.columns(vars(image), "tags", "snapshot_ids")
    connection.execute(insert(images).values(**values).on_conflict_do_update(index_elements=["id"], set_=values))
    tags.put(connection, image.id, image.tags)
    connection.execute(delete(image_snapshots).where(image_snapshots.c.image_id == image.id))
    for position, snapshot_id in enumerate(image.snapshot_ids):
        connection.execute(
            plain_insert(image_snapshots).values(image_id=image.id, snapshot_id=snapshot_id, position=position)
        )


def change(connection: Connection, image_id: str, **fields: Any) -> None:
    """Set fields of the record by the record's own names; not tags and snapshots."""
    connection.execute(update(images).where(images.c.id == image_id).values(**rows.columns(fields)))


def remove(connection: Connection, image_id: str) -> None:
    tags.put(connection, image_id, {})
    connection.execute(delete(image_snapshots).where(image_snapshots.c.image_id == image_id))
    connection.execute(delete(images).where(images.c.id == image_id))


def all_of(connection: Connection) -> list[Image]:
    """Of all regions, by name."""
    rows = connection.execute(select(images).order_by(images.c.name, images.c.id)).mappings().all()
    labels = tags.of(connection, [row["id"] for row in rows])
    snapshots: dict[str, list[str]] = {row["id"]: [] for row in rows}
    for link in connection.execute(select(image_snapshots).order_by(image_snapshots.c.position)):
        snapshots.setdefault(link.image_id, []).append(link.snapshot_id)
    return [_record(row, labels[row["id"]], snapshots[row["id"]]) for row in rows]


def _record(row: RowMapping, labels: dict[str, str], snapshot_ids: list[str]) -> Image:
    return Image(
        **{
            **row,
            "created": times.moment(row["created"]),
            "state": ImageState(row["state"]),
            "tags": labels,
            "snapshot_ids": tuple(snapshot_ids),
        }
    )
