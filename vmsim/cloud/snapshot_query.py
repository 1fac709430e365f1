"""Describing snapshots: filters as columns of the database."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlalchemy import ColumnElement

from vmsim.cloud.context import Cloud
from vmsim.cloud.query import Filter, Page, project_numbers, tag_condition
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
    conditions: list[ColumnElement[bool]] = [] if region is None else list(of_region(region))
    if ids:
        conditions.append(table.c.id.in_(ids))
    conditions += [_condition(one) for one in filters]
    order = (table.c.created, table.c.id) if oldest_first else None
    with cloud.store.reading() as connection:
        total = snapshots.count(connection, *conditions)
        found = snapshots.where(connection, *conditions, order=order, offset=offset, limit=limit)
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


def _condition(asked: Filter) -> ColumnElement[bool]:
    by_tag = tag_condition(table.c.id, asked.name, asked.values)
    if by_tag is not None:
        return by_tag
    make = _FILTERS.get(asked.name)
    if make is None:
        raise UsageError(
            f"There is no filter {asked.name!r}.",
            hint=f"Known: {', '.join(_FILTERS)}, tag:<key>.",
            code="InvalidFilter",
        )
    return make(asked.values)


def _is(column: ColumnElement[str]) -> Callable[[Sequence[str]], ColumnElement[bool]]:
    return lambda values: column.in_(values)


def _all_or_none(value: str) -> Callable[[Sequence[str]], ColumnElement[bool]]:
    """What every snapshot here is."""
    return lambda values: table.c.id == table.c.id if value in values else table.c.id.in_(())


_FILTERS: dict[str, Callable[[Sequence[str]], ColumnElement[bool]]] = {
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
