"""Tags of whatever has an id."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, delete, insert, select

from vmsim.store.kept import touch
from vmsim.store.schema import tags


def put(connection: Connection, owner_id: str, values: dict[str, str]) -> None:
    """Exactly these; none is the way to remove them."""
    touch(connection, owner_id)
    connection.execute(delete(tags).where(tags.c.owner_id == owner_id))
    for key, value in values.items():
        connection.execute(insert(tags).values(owner_id=owner_id, key=key, value=value))


def of(connection: Connection, owner_ids: Sequence[str]) -> dict[str, dict[str, str]]:
    """By owner; one without tags has an empty dict."""
    result: dict[str, dict[str, str]] = {owner: {} for owner in owner_ids}
    for row in connection.execute(select(tags).where(tags.c.owner_id.in_(owner_ids)).order_by(tags.c.key)):
        result[row.owner_id][row.key] = row.value
    return result
