"""The audit log: appended, read in order, and cut at its oldest end."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select

from vmsim.model.operation import Event
from vmsim.store import times
from vmsim.store.schema import events


def add(
    connection: Connection,
    at: datetime,
    kind: str,
    text: str,
    *,
    instance_id: str = "",
    operation_id: str = "",
    data: dict[str, Any] | None = None,
) -> None:
    connection.execute(
        insert(events).values(
            at=times.text(at), kind=kind, text=text, instance_id=instance_id, operation_id=operation_id, data=data or {}
        )
    )


def read(connection: Connection, since: int, instance_id: str | None, limit: int) -> list[Event]:
    """Events after `since`, oldest first."""
    query = select(events).where(events.c.sequence > since)
    if instance_id is not None:
        query = query.where(events.c.instance_id == instance_id)
    rows = connection.execute(query.order_by(events.c.sequence).limit(limit)).mappings()
    return [
        Event(
            row["sequence"],
            times.moment(row["at"]),
            row["kind"],
            row["instance_id"],
            row["operation_id"],
            row["text"],
            row["data"],
        )
        for row in rows
    ]


def last(connection: Connection) -> int:
    return int(connection.execute(select(func.coalesce(func.max(events.c.sequence), 0))).scalar_one())


def forgotten_until(connection: Connection) -> str | None:
    """When the oldest event was that is kept; None while none was forgotten."""
    first = connection.execute(select(events.c.sequence, events.c.at).order_by(events.c.sequence).limit(1)).first()
    return None if first is None or first.sequence == 1 else str(first.at)


def keep(connection: Connection, number: int) -> None:
    """Forget all but the newest `number`."""
    connection.execute(delete(events).where(events.c.sequence <= last(connection) - number))
