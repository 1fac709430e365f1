"""Samples of what guests used: added, read in order of time, forgotten when they are old."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, delete, insert, select

from vmsim.model.sample import Sample
from vmsim.store.schema import samples


def add(connection: Connection, new: Sequence[Sample]) -> None:
    """A clock that was set back may come to the same second again: the later word stands."""
    if new:
        connection.execute(insert(samples).prefix_with("OR REPLACE"), [vars(sample) for sample in new])


def between(connection: Connection, instance_id: str, since: float, until: float) -> list[Sample]:
    """Those of an instance that ended in this time, oldest first."""
    query = select(samples).where(samples.c.instance_id == instance_id, samples.c.at >= since, samples.c.at <= until)
    return [Sample(**row) for row in connection.execute(query.order_by(samples.c.at)).mappings()]


def forget(connection: Connection, before: float) -> None:
    connection.execute(delete(samples).where(samples.c.at < before))
