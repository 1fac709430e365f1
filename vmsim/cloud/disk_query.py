"""Describing disks: filters as columns of the database, so that the cost grows with the page, not the home."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, select

from vmsim.cloud.context import Cloud
from vmsim.cloud.query import Filter, Filters, Page, conditions, project_numbers
from vmsim.model import ids
from vmsim.model.disk import Disk
from vmsim.model.errors import NotFound, Refused, UsageError
from vmsim.store import disks, snapshots
from vmsim.store.schema import disks as table
from vmsim.store.schema import instances

_ORDERS = {"CREATE_TIME": table.c.created, "DEADLINE": table.c.deadline}


@dataclass(frozen=True)
class DiskQuery:
    """`region` None is every region; filters are joined by AND."""

    region: str | None = None
    ids: tuple[str, ...] = ()
    filters: tuple[Filter, ...] = ()
    order: str = "CREATE_TIME"
    descending: bool = True
    offset: int = 0
    limit: int | None = 100


def query(cloud: Cloud, asked: DiskQuery) -> Page[Disk]:
    """The page and the total. Raises UsageError for an unknown filter or a bad value."""
    named = [ids.check("disk", one) for one in asked.ids]
    matching = conditions(table, _FILTERS, asked.region, named, asked.filters)
    column = _ORDERS[asked.order]
    order = (column.desc() if asked.descending else column.asc(), table.c.id)
    with cloud.store.reading() as connection:
        total = disks.count(connection, *matching)
        found = disks.where(connection, *matching, order=order, offset=asked.offset, limit=asked.limit)
    return Page(total, tuple(found))


def snapshot_counts(cloud: Cloud, found: Sequence[Disk]) -> dict[str, tuple[int, int]]:
    """(number of snapshots, GiB of the disk in them) by disk; one without is not there."""
    with cloud.store.reading() as connection:
        return snapshots.counts_by_disk(connection, [disk.id for disk in found])


def get(cloud: Cloud, ident: str, *, region: str | None = None) -> Disk:
    """By id, or by a name that only one disk has."""
    meant = [table.c.id == ident if ident.startswith("disk-") else table.c.name == ident]
    if region is not None:
        meant.append(table.c.region == region)
    with cloud.store.reading() as connection:
        found = disks.where(connection, *meant)
    if not found or not ident:
        raise NotFound("disk", ident, hint="`vmsim disk list` shows them.", code="InvalidDiskId.NotFound")
    if len(found) > 1:
        raise Refused(
            f"{len(found)} disks are named {ident}: {', '.join(one.id for one in found)}.", hint="Use the id."
        )
    return found[0]


def _is(column: ColumnElement[str]) -> Callable[[Sequence[str]], ColumnElement[bool]]:
    return lambda values: column.in_(values)


def _of_instances(column: ColumnElement[str]) -> Callable[[Sequence[str]], ColumnElement[bool]]:
    return lambda values: table.c.instance_id.in_(select(instances.c.id).where(column.in_(values)))


def _nothing(_values: Sequence[str]) -> ColumnElement[bool]:
    """What no disk here has: a dedicated cluster."""
    return table.c.id.in_(())


def _portable(values: Sequence[str]) -> ColumnElement[bool]:
    known = {"TRUE": True, "FALSE": False}
    for value in values:
        if value.upper() not in known:
            raise UsageError(f"portable is {value!r}; it is TRUE or FALSE.", code="InvalidParameterValue")
    return table.c.portable.in_([known[value.upper()] for value in values])


_FILTERS: Filters = {
    "disk-usage": _is(table.c.usage),
    "disk-charge-type": _is(table.c.charge_type),
    "portable": _portable,
    "project-id": lambda values: table.c.project_id.in_(project_numbers(values)),
    "disk-id": _is(table.c.id),
    "disk-name": _is(table.c.name),
    "disk-type": _is(table.c.type),
    "disk-state": _is(table.c.state),
    "instance-id": _is(table.c.instance_id),
    "zone": _is(table.c.zone),
    "instance-ip-address": _of_instances(instances.c.private_ip),
    "instance-name": _of_instances(instances.c.name),
    "dedicated-cluster-id": _nothing,
    "cluster-group-id": _nothing,
}
