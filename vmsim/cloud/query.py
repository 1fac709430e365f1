"""Describing instances: filters as columns of the database, so that the cost grows with the page, not the home."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Generic, TypeVar

from sqlalchemy import ColumnElement, String, select, type_coerce

from vmsim.cloud.context import Cloud
from vmsim.model.errors import UsageError
from vmsim.model.instance import Instance
from vmsim.store import instances, times
from vmsim.store.schema import instances as table
from vmsim.store.schema import tags

T = TypeVar("T")

LONGEST_NUMBER = 18


@dataclass(frozen=True)
class Page(Generic[T]):
    """`total` counts all that match, `items` are those of this page."""

    total: int
    items: tuple[T, ...]


@dataclass(frozen=True)
class Filter:
    """Any of the values."""

    name: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class InstanceQuery:
    """`region` None is every region; filters are joined by AND."""

    region: str | None = None
    ids: tuple[str, ...] = ()
    filters: tuple[Filter, ...] = ()
    offset: int = 0
    limit: int | None = 100


def query(cloud: Cloud, asked: InstanceQuery) -> Page[Instance]:
    """The page and the total. Raises UsageError for an unknown filter or a bad value."""
    page = query_ids(cloud, asked)
    found = records(cloud, page.items)
    return Page(page.total, tuple(found[ident] for ident in page.items if ident in found))


def records(cloud: Cloud, ids: Sequence[str]) -> dict[str, Instance]:
    """As they were last written; one that is not there is missing."""
    as_of = cloud.store.kept.now()
    found: dict[str, Instance] = cloud.store.kept.get("record", ids)
    missing = [ident for ident in ids if ident not in found]
    if missing:
        with cloud.store.reading() as connection:
            read = instances.by_ids(connection, missing)
        cloud.store.kept.put("record", read, as_of)
        found |= read
    return found


def query_ids(cloud: Cloud, asked: InstanceQuery) -> Page[str]:
    """As `query`, the ids alone."""
    conditions: list[ColumnElement[bool]] = [condition(table.c.id, _FILTERS, one) for one in asked.filters]
    if asked.ids:
        conditions.append(table.c.id.in_(asked.ids))
    few = bool(asked.ids) or any(one.name.startswith("tag:") for one in asked.filters)
    if asked.region is not None:
        conditions.append((_unindexed(table.c.region) if few else table.c.region) == asked.region)
    order = (_unindexed(table.c.created).desc(), table.c.id) if few else instances.NEWEST_FIRST
    with cloud.store.reading() as connection:
        # One more than the page has: mostly there is none, and nothing to be counted.
        most = None if asked.limit is None else asked.limit + 1
        found = instances.ids_where(connection, *conditions, order=order, offset=asked.offset, limit=most)
        total = len(found)
        if asked.offset or total == most:
            total = instances.count(connection, *conditions)
    return Page(total, tuple(found[: asked.limit]))


def _unindexed(column: ColumnElement[str]) -> ColumnElement[str]:
    """The column for comparing, not for finding: SQLite takes a region to hold ten rows and would walk through all."""
    return column.op("||")("")


def tag_condition(owner: ColumnElement[str], name: str, values: Sequence[str]) -> ColumnElement[bool] | None:
    """tag-key, tag-value and tag:<key> mean the same everywhere."""
    owners = select(tags.c.owner_id)
    if name == "tag-key":
        return owner.in_(owners.where(tags.c.key.in_(values)))
    if name == "tag-value":
        return owner.in_(owners.where(tags.c.value.in_(values)))
    if name.startswith("tag:"):
        return owner.in_(owners.where(tags.c.key == name.removeprefix("tag:"), tags.c.value.in_(values)))
    return None


Filters = Mapping[str, Callable[[Sequence[str]], ColumnElement[bool]]]
"""What each filter of a noun means, by its published name."""


def condition(owner: ColumnElement[str], filters: Filters, asked: Filter) -> ColumnElement[bool]:
    """One filter as a condition; those by tag are about the noun's id, `owner`."""
    by_tag = tag_condition(owner, asked.name, asked.values)
    if by_tag is not None:
        return by_tag
    make = filters.get(asked.name)
    if make is None:
        raise UsageError(
            f"There is no filter {asked.name!r}.",
            hint=f"Known: {', '.join(filters)}, tag-key, tag-value, tag:<key>.",
            code="InvalidFilter",
        )
    if not asked.values:
        raise UsageError(f"Filter {asked.name} has no value.", code="InvalidFilter")
    return make(asked.values)


def _is(column: ColumnElement[str]) -> Callable[[Sequence[str]], ColumnElement[bool]]:
    return lambda values: column.in_(values)


def _nothing(values: Sequence[str]) -> ColumnElement[bool]:
    """What no instance here has: a dedicated host, an IPv6 address."""
    return table.c.id.in_(())


def _name(values: Sequence[str]) -> ColumnElement[bool]:
    return table.c.name.in_(values)


def _projects(values: Sequence[str]) -> ColumnElement[bool]:
    return table.c.project_id.in_(project_numbers(values))


def project_numbers(values: Sequence[str]) -> list[int]:
    """Those that can be a project's number; no longer one fits into the database, or exists."""
    return [int(value) for value in values if value.isdecimal() and len(value) <= LONGEST_NUMBER]


def _groups(values: Sequence[str]) -> ColumnElement[bool]:
    condition: ColumnElement[bool] = table.c.id.in_(())
    text = type_coerce(table.c.security_group_ids, String)
    for value in values:
        condition = condition | text.contains(f'"{value}"', autoescape=True)
    return condition


def _time(value: str) -> str:
    for form in ("%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%SZ"):
        try:
            return times.text(datetime.strptime(value, form).replace(tzinfo=timezone.utc))
        except ValueError:
            continue
    raise UsageError(f"{value!r} is not a time.", code="InvalidParameterValue.InvalidTimeFormat")


_FILTERS: Filters = {
    "zone": _is(table.c.zone),
    "project-id": _projects,
    "host-id": _nothing,
    "dedicated-cluster-id": _nothing,
    "vpc-id": _is(table.c.vpc_id),
    "subnet-id": _is(table.c.subnet_id),
    "instance-id": _is(table.c.id),
    "uuid": _is(table.c.uuid),
    "security-group-id": _groups,
    "instance-name": _name,
    "instance-charge-type": _is(table.c.charge_type),
    "instance-state": _is(table.c.state),
    "private-ip-address": _is(table.c.private_ip),
    "public-ip-address": _is(table.c.public_ip),
    "ipv6-address": _nothing,
    "creation-start-time": lambda values: table.c.created >= _time(values[0]),
    "creation-end-time": lambda values: table.c.created <= _time(values[0]),
}
