"""Images of a home."""

from __future__ import annotations

from sqlalchemy import Connection, select
from sqlalchemy.dialects.sqlite import insert

from vmsim.model.image import Image
from vmsim.store import times
from vmsim.store.schema import images


def put(connection: Connection, image: Image) -> None:
    """Add it, or replace what is known of the same id."""
    values = {**image.__dict__, "created": times.text(image.created)}
    connection.execute(insert(images).values(**values).on_conflict_do_update(index_elements=["id"], set_=values))


def all_of(connection: Connection) -> list[Image]:
    rows = connection.execute(select(images).order_by(images.c.name)).mappings()
    return [Image(**{**row, "created": times.moment(row["created"])}) for row in rows]
