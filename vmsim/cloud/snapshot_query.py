"""Describing snapshots: filters as columns of the database."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlalchemy import ColumnElement

from vmsim.cloud.context import Cloud
from vmsim.cloud.query import Filter, Filters, Page, conditions, project_numbers
from vmsim.model.disk import Snapshot, SnapshotState
from vmsim.model.errors import NotFound, UsageError
from vmsim.store import snapshots
from vmsim.store.schema import snapshots as table

_PRIVATE = "PRIVATE_SNAPSHOT"


def query(
    cloud: Cloud,
    region: str | None,
    *,
    ids: Sequence[str] = (),
    filters: Sequence[Filter] = (),
    offset: int = 0,
    limit: int | None = 20,
    oldest_first: bool = False,
) -> Page[Snapshot]:
    """The page and the total. Raises UsageError for an unknown filter."""
    matching = conditions(table, _FILTERS, region, ids, filters)
    order = (table.c.created, table.c.id) if oldest_first else None
    with cloud.store.reading() as connection:
        total = snapshots.count(connection, *matching)
        found = snapshots.where(connection, *matching, order=order, offset=offset, limit=limit)
    return Page(total, tuple(found))


def get(cloud: Cloud, ident: str) -> Snapshot:
    """By id, or by a name that only one has."""
    with cloud.store.reading() as connection:
        found = snapshots.where(connection, (table.c.id == ident) | (table.c.name == ident))
    if not found:
        raise NotFound("snapshot", ident, hint="`vmsim snapshot list` shows them.")
    if len(found) > 1:
        raise UsageError(f"{len(found)} snapshots are called {ident}: {', '.join(one.id for one in found)}.")
    return found[0]


def of_region(region: str) -> tuple[ColumnElement[bool], ...]:
    return (table.c.region == region,)


def being_made_of(disk_id: str) -> tuple[ColumnElement[bool], ...]:
    return (table.c.disk_id == disk_id, table.c.state == SnapshotState.CREATING.value)


def expired(cloud: Cloud, now: str) -> list[Snapshot]:
    """Those whose time is over at `now`, as the database writes times."""
    with cloud.store.reading() as connection:
        return snapshots.where(connection, table.c.deadline < now, table.c.state == SnapshotState.NORMAL.value)


def _is(column: ColumnElement[str]) -> Callable[[Sequence[str]], ColumnElement[bool]]:
    return lambda values: column.in_(values)


def _all_or_none(value: str) -> Callable[[Sequence[str]], ColumnElement[bool]]:
    """What every snapshot here is."""
    return lambda values: table.c.id == table.c.id if value in values else table.c.id.in_(())


_FILTERS: Filters = {
    "snapshot-id": _is(table.c.id),
    "snapshot-name": _is(table.c.name),
    "snapshot-state": _is(table.c.state),
    "disk-usage": _is(table.c.disk_usage),
    "project-id": lambda values: table.c.project_id.in_(project_numbers(values)),
    "disk-id": _is(table.c.disk_id),
    "zone": _is(table.c.zone),
    "encrypt": _all_or_none("FALSE"),
    "snapshot-type": _all_or_none(_PRIVATE),
}
